package main

import (
	"testing"
	"time"
)

func TestBehind(t *testing.T) {
	t.Parallel()
	start := time.Unix(1000, 0)
	history := lagHistory{{start, 100}, {start.Add(time.Second), 200}, {start.Add(2 * time.Second), 200}, {start.Add(3 * time.Second), 300}}
	now := start.Add(4 * time.Second)
	cases := []struct {
		replayed int64
		want     time.Duration
	}{
		{300, 0}, {400, 0}, {299, time.Second}, {200, time.Second}, {199, 3 * time.Second}, {99, 4 * time.Second},
	}
	for _, c := range cases {
		if got := history.behind(now, c.replayed); got != c.want {
			t.Errorf("replayed %d: %s behind, want %s", c.replayed, got, c.want)
		}
	}
	if got := (lagHistory{}).behind(now, 0); got != 0 {
		t.Errorf("%s behind nothing", got)
	}
}
