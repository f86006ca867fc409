package crashtest

import (
	"strings"
	"testing"
)

// recovery is what a person types after the crash. It can be killed as well,
// and typed again.
type recovery struct {
	name string
	want func(*matrix) string
	// states are what "status" may say afterwards.
	states []string
	do     func(*testing.T, *world, crash) result
}

func recoveries() []recovery {
	return []recovery{
		{
			name: "resume", do: goOn, states: []string{"released"},
			want: func(m *matrix) string { return m.end },
		},
		{
			name: "roll back", do: goBack, states: []string{"rolled_back", "none"},
			want: func(m *matrix) string { return m.start },
		},
	}
}

func goOn(t *testing.T, w *world, c crash) result {
	t.Helper()
	run := w.lastRun(t)
	if run == "" {
		return w.lockstep(t, c, applyArgs()...) // it died before the run began
	}
	r := w.lockstep(t, c, "resume", run)
	if over(r) {
		r.code = 0
	}
	return r
}

func goBack(t *testing.T, w *world, c crash) result {
	t.Helper()
	run := w.lastRun(t)
	if run == "" {
		return result{} // nothing was changed
	}
	if w.goesBack(t, run) {
		return goOn(t, w, c)
	}
	r := w.lockstep(t, c, "abort", run, "--auto-approve")
	if !over(r) {
		return r
	}
	if strings.Contains(r.output, "(rolled_back)") {
		return result{output: r.output} // the abort before this one was killed after its last word
	}
	return w.lockstep(t, c, "rollback", run, "--with-schema", "--with-infrastructure", "--auto-approve")
}

// over tells that the run had ended before the crash.
func over(r result) bool {
	return r.code == 1 && strings.Contains(r.output, "there is nothing to go on with")
}
