package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// interrupts turns Ctrl-C into the two things a run understands: the first one
// closes stop (finish the running steps), the second cancels the context
// (cancel the statement). Both leave the run resumable.
type interrupts struct {
	stop   chan struct{}
	seen   atomic.Value // os.Signal
	cancel context.CancelFunc
	done   chan struct{}
}

func watchInterrupts(ctx context.Context, w io.Writer) (context.Context, *interrupts) {
	ctx, cancel := context.WithCancel(ctx)
	i := &interrupts{stop: make(chan struct{}), cancel: cancel, done: make(chan struct{})}
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		defer signal.Stop(signals)
		for n := 1; ; n++ {
			select {
			case <-i.done:
				return
			case s := <-signals:
				i.seen.CompareAndSwap(nil, s)
				if n == 1 {
					fmt.Fprintln(w, "\nFinishing the running step, then stopping (again: cancel the step).")
					close(i.stop)
					continue
				}
				fmt.Fprintln(w, "\nCancelling the running step.")
				cancel()
			}
		}
	}()
	return ctx, i
}

// end stops watching.
func (i *interrupts) end() {
	close(i.done)
	i.cancel()
}

// code is the exit code of an interrupted command.
func (i *interrupts) code() int {
	if i.seen.Load() == syscall.SIGTERM {
		return exitTerminated
	}
	return exitInterrupted
}
