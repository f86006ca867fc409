package main

import (
	"errors"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/bench/load"
)

func TestExperienced(t *testing.T) {
	t.Parallel()
	start := time.Unix(1000, 0)
	at := func(intended, sent, done time.Duration) load.Observation {
		return load.Observation{Intended: start.Add(intended), Sent: start.Add(sent), Done: start.Add(done)}
	}
	const ms = time.Millisecond
	lost := at(30*ms, 30*ms, 31*ms)
	lost.Err = errors.New("lost")
	got := experienced([]load.Observation{
		at(-10*ms, -10*ms, 9000*ms), // asked before: not of this span
		at(0, 0, 8000*ms),
		at(10*ms, 8000*ms, 8001*ms), // its own millisecond, behind a queue
		at(20*ms, 20*ms, 270*ms),    // 250 ms are not yet late
		lost,
	}, start)
	if got.failure == nil || got.failed != 1 {
		t.Errorf("the failure is lost: %+v", got)
	}
	if got.queries != 4 || got.late != 2 || got.longestOwn != 8000*ms || got.longestFelt != 8000*ms {
		t.Errorf("got %+v", got)
	}
}
