package rollout_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/gate"
	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
)

type fakeSampler struct{ err error }

func (s fakeSampler) Sample(context.Context) (map[string]any, error) {
	return map[string]any{"status_code": 503}, s.err
}

func TestGatesAreChecks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ok   bool
		err  error
		want string
	}{
		{ok: true, want: journal.VerdictPass},
		{want: journal.VerdictFail},
		{err: errors.New("refused"), want: journal.VerdictInconclusive},
	} {
		check := rollout.Gated(gate.Check{
			Address: "check.http.ready", Interval: time.Millisecond, Timeout: time.Second,
			SuccessThreshold: 2, FailureThreshold: 2, Sampler: fakeSampler{c.err},
			Assert: func(map[string]any) (bool, string, error) { return c.ok, "HTTP 503", nil },
		})
		samples := 0
		v := check.Watch(t.Context(), func(rollout.Sample) { samples++ })
		if v.Status != c.want || samples != 2 {
			t.Errorf("found %+v after %d samples, expected %s", v, samples, c.want)
		}
		if c.err == nil && !strings.Contains(string(v.Evidence), "503") {
			t.Errorf("evidence %s", v.Evidence)
		}
	}
}
