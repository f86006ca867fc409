package command

import (
	"errors"
	"fmt"
	"runtime/metrics"
	"time"
)

// bounds are how much a piece of work may take of the machine.
type bounds struct {
	time  time.Duration
	bytes uint64 // of memory, as Go counts it
	look  time.Duration
}

// patience is enough for thousands of migrations, and ends what was written
// to keep a machine busy.
func patience() bounds {
	return bounds{time: 2 * time.Minute, bytes: 2 << 30, look: 50 * time.Millisecond}
}

var (
	errTooLong = errors.New("reading the project takes too long")
	errTooMuch = errors.New("reading the project takes too much memory")
	errBroken  = errors.New("a file of the project cannot be read by this version")
)

// bounded does a piece of work, and gives up on it where it takes too much: it
// is left to the end of the process, as nothing can interrupt a parser. What
// makes a parser panic is an error.
func bounded[T any](b bounds, work func() (T, error)) (result T, err error) {
	type answer struct {
		result T
		err    error
	}
	done := make(chan answer, 1)
	go func() {
		var is answer
		defer func() {
			if r := recover(); r != nil {
				is.err = fmt.Errorf("%w: %.200s", errBroken, fmt.Sprint(r))
			}
			done <- is
		}()
		is.result, is.err = work()
	}()
	end := time.NewTimer(b.time)
	defer end.Stop()
	look := time.NewTicker(b.look)
	defer look.Stop()
	for {
		select {
		case is := <-done:
			return is.result, is.err
		case <-end.C:
			return result, fmt.Errorf("%w: more than %s", errTooLong, b.time)
		case <-look.C:
			if inUse() > b.bytes {
				return result, fmt.Errorf("%w: more than %d MiB", errTooMuch, b.bytes>>20)
			}
		}
	}
}

func inUse() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
