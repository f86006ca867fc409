// Package terminal holds the three streams of a command and what is known of
// the screen behind them: is it one, how wide, may it be coloured. Views write
// to streams, never to os.Stdout, so that a test can read what they wrote.
package terminal

import (
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// Width without a terminal behind the stream, and bounds of what is believed.
const (
	DefaultWidth = 100
	minWidth     = 60
	maxWidth     = 160
)

// Streams are a command's input, its answer (Out) and everything that is said
// beside the answer (Err): progress, prompts, diagnostics.
type Streams struct {
	In  io.Reader
	Out *Output
	Err *Output
}

// Output is a stream that is written to.
type Output struct {
	io.Writer
	// Terminal is true when a person watches: redrawing makes sense.
	Terminal bool
	// Colour is true when escape sequences may be written.
	Colour bool
	// Width is in columns; always usable, also without a terminal.
	Width int
}

// Options are what bears on streams beside the streams themselves.
type Options struct {
	NoColor bool     // --no-color
	Environ []string // "NAME=VALUE"; the last one of a name counts
}

// New finds out what is behind the streams: a file may be a terminal, any
// other reader or writer is not.
func New(in io.Reader, out, err io.Writer, opts Options) Streams {
	return Streams{In: in, Out: newOutput(out, opts), Err: newOutput(err, opts)}
}

// Plain returns streams without a terminal, for tests and files.
func Plain(in io.Reader, out, err io.Writer) Streams {
	return Streams{
		In:  in,
		Out: &Output{Writer: out, Width: DefaultWidth},
		Err: &Output{Writer: err, Width: DefaultWidth},
	}
}

// Interactive reports whether a question may be asked: a person reads what is
// written to Err and can type.
func (s Streams) Interactive() bool {
	f, ok := s.In.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && s.Err.Terminal
}

// WithWidth returns a copy that is width columns wide.
func (o *Output) WithWidth(width int) *Output {
	c := *o
	c.Width = width
	return &c
}

func newOutput(w io.Writer, opts Options) *Output {
	o := &Output{Writer: w, Width: DefaultWidth}
	width := 0
	if f, ok := w.(*os.File); ok {
		o.Terminal = term.IsTerminal(int(f.Fd()))
		width, _, _ = term.GetSize(int(f.Fd())) // 0 where there is no terminal
	}
	if columns, err := strconv.Atoi(opts.variable("COLUMNS")); err == nil {
		width = columns
	}
	if width > 0 {
		o.Width = min(max(width, minWidth), maxWidth)
	}
	o.Colour = colour(o.Terminal, opts)
	return o
}

func (o Options) variable(name string) (value string) {
	for _, assignment := range o.Environ {
		if v, ok := strings.CutPrefix(assignment, name+"="); ok {
			value = v
		}
	}
	return value
}

// colour decides by https://no-color.org (a value that is not empty switches
// off), https://bixense.com/clicolors (CLICOLOR_FORCE other than 0 switches on
// without a terminal) and TERM=dumb. What was asked for on the command line
// wins, then what switches off.
func colour(isTerminal bool, opts Options) bool {
	force := opts.variable("CLICOLOR_FORCE")
	switch {
	case opts.NoColor || opts.variable("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	}
	return isTerminal && opts.variable("TERM") != "dumb"
}
