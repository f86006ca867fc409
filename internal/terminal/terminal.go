// Package terminal holds the three streams of a command and what is known of
// the screen behind them: is it one, how wide, may it be coloured. Views write
// to streams, never to os.Stdout, so that a test can read what they wrote.
package terminal

import (
	"io"
	"os"
	"strconv"

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

// Options are the flags that bear on streams.
type Options struct {
	NoColor bool // --no-color
}

// System returns the process's streams.
func System(opts Options) Streams {
	return Streams{
		In:  os.Stdin,
		Out: fromFile(os.Stdout, opts, os.LookupEnv),
		Err: fromFile(os.Stderr, opts, os.LookupEnv),
	}
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

type lookup func(name string) (value string, set bool)

func fromFile(f *os.File, opts Options, env lookup) *Output {
	o := &Output{Writer: f, Terminal: term.IsTerminal(int(f.Fd())), Width: DefaultWidth}
	o.Colour = colour(o.Terminal, opts, env)
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
		o.Width = min(max(w, minWidth), maxWidth)
	}
	if v, _ := env("COLUMNS"); v != "" {
		if w, err := strconv.Atoi(v); err == nil && w > 0 {
			o.Width = min(max(w, minWidth), maxWidth)
		}
	}
	return o
}

// colour decides by https://no-color.org (a value that is not empty switches
// off), https://bixense.com/clicolors (CLICOLOR_FORCE other than 0 switches on
// without a terminal) and TERM=dumb. What was asked for on the command line
// wins, then what switches off.
func colour(isTerminal bool, opts Options, env lookup) bool {
	if opts.NoColor {
		return false
	}
	if v, _ := env("NO_COLOR"); v != "" {
		return false
	}
	if v, _ := env("CLICOLOR_FORCE"); v != "" && v != "0" {
		return true
	}
	if v, _ := env("TERM"); v == "dumb" {
		return false
	}
	return isTerminal
}
