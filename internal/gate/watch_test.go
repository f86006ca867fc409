package gate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/internal/gate"
)

// script is a fake sampler that plays samples: "+" good, "-" bad, "?" nothing
// found out, "#" hangs until the sample's time is over. The last one repeats.
type script struct {
	play string
	n    int
}

func (s *script) Sample(ctx context.Context) (map[string]any, error) {
	step := s.play[min(s.n, len(s.play)-1)]
	s.n++
	switch step {
	case '?':
		return nil, errors.New("connection refused")
	case '#':
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return map[string]any{"ok": step == '+'}, nil
}

func okay(self map[string]any) (bool, string, error) {
	if self["ok"] == true {
		return true, "", nil
	}
	return false, "not ok", nil
}

func TestWatch(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		play          string
		success, fail int
		status        gate.Status
		samples       int
		took          time.Duration
		message       string
	}{
		{"+", 1, 3, gate.Pass, 1, 0, "found"},
		{"+", 3, 3, gate.Pass, 3, 10 * time.Second, "3 good samples in a row"},
		{"+-+++", 3, 3, gate.Pass, 5, 20 * time.Second, "3 good samples in a row"},
		{"-", 1, 3, gate.Fail, 3, 10 * time.Second, "not ok (3 bad samples in a row)"},
		{"--+---", 2, 3, gate.Fail, 6, 25 * time.Second, "not ok"},
		{"?", 1, 2, gate.Inconclusive, 2, 5 * time.Second, "connection refused (2 bad samples in a row)"},
		{"?-?", 1, 3, gate.Fail, 3, 10 * time.Second, "connection refused"},
		{"??+", 1, 3, gate.Pass, 3, 10 * time.Second, "found"},
		{"#", 1, 2, gate.Inconclusive, 2, 25 * time.Second, "no answer within 10s"},
		{"-", 0, 0, gate.Fail, 1, 0, "not ok"},
	} {
		t.Run(tc.play, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				seen := 0
				v := gate.Watch(t.Context(), gate.Check{
					Interval: 5 * time.Second, Timeout: 10 * time.Second,
					SuccessThreshold: tc.success, FailureThreshold: tc.fail,
					Sampler: &script{play: tc.play}, Assert: okay,
				}, func(gate.Sample) { seen++ })
				if v.Status != tc.status || v.Count != tc.samples || v.Took != tc.took || !strings.Contains(v.Message, tc.message) {
					t.Errorf("got %s after %d samples in %s: %s", v.Status, v.Count, v.Took, v.Message)
				}
				if seen != v.Count || len(v.Samples) != v.Count {
					t.Errorf("%d samples were told, %d kept, of %d", seen, len(v.Samples), v.Count)
				}
			})
		})
	}
}

// TestWatchIsItsThresholds compares Watch with the rule said in another way:
// the first position where a long enough row of one kind ends.
func TestWatchIsItsThresholds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		play := rapid.StringOfN(rapid.SampledFrom([]rune("+-?")), 1, 30, -1).Draw(r, "play") + "-"
		success, failure := rapid.IntRange(1, 4).Draw(r, "success"), rapid.IntRange(1, 4).Draw(r, "failure")
		want := expected(play, success, failure)
		synctest.Test(t, func(t *testing.T) {
			v := gate.Watch(t.Context(), gate.Check{
				Interval: time.Second, SuccessThreshold: success, FailureThreshold: failure,
				Sampler: &script{play: play}, Assert: okay,
			}, nil)
			if got := fmt.Sprint(v.Status, v.Count); got != want {
				t.Errorf("%q with %d and %d: got %s, expected %s", play, success, failure, got, want)
			}
		})
	})
}

func expected(play string, success, failure int) string {
	play += strings.Repeat("-", failure)
	for i := range play {
		seen := play[:i+1]
		row := seen[strings.LastIndexByte(seen, '+')+1:]
		switch {
		case strings.HasSuffix(seen, strings.Repeat("+", success)):
			return fmt.Sprint(gate.Pass, i+1)
		case len(row) >= failure && strings.Contains(row, "-"):
			return fmt.Sprint(gate.Fail, i+1)
		case len(row) >= failure:
			return fmt.Sprint(gate.Inconclusive, i+1)
		}
	}
	return "undecided"
}

func TestWatchEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		play string
		end  func(context.Context) (context.Context, context.CancelFunc)
		want string
	}{
		"deadline between samples": {"-+", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 12*time.Second)
		}, "the time for it is over; last: not ok"},
		"deadline in a sample": {"#", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		}, "undecided after 0 samples"},
		"cancelled": {"-+", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(7*time.Second, cancel)
			return ctx, cancel
		}, "interrupted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := tc.end(t.Context())
				defer cancel()
				v := gate.Watch(ctx, gate.Check{
					Interval: 5 * time.Second, SuccessThreshold: 10, FailureThreshold: 10,
					Sampler: &script{play: strings.Repeat(tc.play, 20)}, Assert: okay,
				}, nil)
				if v.Status != gate.Inconclusive || !strings.Contains(v.Message, tc.want) {
					t.Errorf("got %s: %s", v.Status, v.Message)
				}
			})
		})
	}
}

func TestEvidenceIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := gate.Watch(t.Context(), gate.Check{
			Interval: time.Second, SuccessThreshold: 1, FailureThreshold: 1000, Sampler: &script{play: "-"}, Assert: okay,
		}, nil)
		if v.Count != 1000 || len(v.Samples) != 20 || !v.Samples[19].At.After(v.Samples[0].At) {
			t.Errorf("%d of %d samples are kept", len(v.Samples), v.Count)
		}
	})
}

type found map[string]any

func (f found) Sample(context.Context) (map[string]any, error) { return f, nil }

func TestForeignTextIsSafe(t *testing.T) {
	t.Parallel()
	hostile := "\x1b[2Jgone\u202etxt.exe\u200b\r\nline" + strings.Repeat("\U0001F600", 400) + "\xff"
	for name, assert := range map[string]func(map[string]any) (bool, string, error){
		"false":     func(map[string]any) (bool, string, error) { return false, hostile, nil },
		"undecided": func(map[string]any) (bool, string, error) { return false, "", errors.New(hostile) },
		"silent":    func(map[string]any) (bool, string, error) { return false, "", nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := gate.Look(t.Context(), gate.Check{
				Sampler: found{"body": hostile, "headers": map[string]any{"Set-Cookie": "canary"}, "status_code": 500, "duration_ms": 3},
				Assert:  assert,
			})
			all := s.Message + fmt.Sprint(s.Self)
			if strings.ContainsAny(all, "\x1b\r\n\u202e\u200b") || strings.Contains(all, "canary") {
				t.Errorf("unsafe: %q", all)
			}
			if len(s.Message) > 700 || len(s.Self["body"]) > 400 || !strings.HasSuffix(s.Self["body"], "...") {
				t.Errorf("too long: message %d, body %d", len(s.Message), len(s.Self["body"]))
			}
		})
	}
}
