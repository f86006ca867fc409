package command

import (
	"errors"
	"io"
	"sync"
)

// veil is an output of the command on which every secret that is known by then
// is masked, whoever writes to it: in text wherever it stands, in JSON inside
// of texts, so that a document stays one. It is safe for concurrent use.
type veil struct {
	app *app
	out io.Writer
	// answer is true for the output that has the answer: JSON where that is
	// asked for. The other has prompts, which must not wait for the line's end.
	answer bool
	mu     sync.Mutex
	in     io.WriteCloser // nil before the first write: the flags choose
}

// Write implements io.Writer.
func (v *veil) Write(p []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.in != nil:
	case v.answer && v.app.wantsJSON():
		v.in = v.app.mask.JSONLines(v.out)
	default:
		v.in = v.app.mask.Writer(v.out)
	}
	return v.in.Write(p)
}

// Close passes on what is held back and leaves the output open.
func (v *veil) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.in == nil {
		return nil
	}
	return v.in.Close()
}

// veiled puts a veil on both outputs. What is behind them stays visible to
// whoever asks whether it is a terminal. The result takes the veils off.
func (a *app) veiled() func() error {
	a.screen = a.host
	out, err := &veil{app: a, out: a.host.Stdout, answer: true}, &veil{app: a, out: a.host.Stderr}
	a.host.Stdout, a.host.Stderr = out, err
	return func() error { return errors.Join(out.Close(), err.Close()) }
}
