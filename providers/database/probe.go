package database

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// Probe tells from the receipts and the catalog how much of a migrate step is
// there.
func (p *Provider) Probe(ctx context.Context, req providers.Request) (providers.Report, error) {
	if req.Step.Action == plans.ActionBackfill {
		return p.probeBackfill(ctx, req)
	}
	t, err := p.task(req)
	if err != nil {
		return providers.Report{}, err
	}
	t.job.Exclusive = false
	var report providers.Report
	err = t.do(ctx, func(ctx context.Context, s Session, state State) error {
		report, err = t.probe(ctx, s, state)
		return err
	})
	if err != nil {
		return providers.Report{}, err
	}
	return report, nil
}

func (t *task) probe(ctx context.Context, s Session, state State) (providers.Report, error) {
	if state.Dirty {
		return report(providers.Unknown, "%s says that version %d is dirty: another tool failed half-way; lockstep repair mends it", t.target.Table, state.Version)
	}
	row, applied := state.receipt(t.version)
	switch {
	case applied && row.Up != t.migration.Up:
		return report(providers.Unknown, "version %d was applied with other content (%s, run %s)", t.version, row.Up.Short(), row.Run)
	case applied && len(state.statements(t.version, Down)) > 0:
		return report(providers.Partial, "the history has version %d, and its down file was begun", t.version)
	case applied:
		return report(providers.Done, "the history has version %d since %s, run %s", t.version, row.AppliedAt, row.Run)
	}
	if begun := state.statements(t.version, Up); len(begun) > 0 {
		return t.probeStatements(ctx, s, begun)
	}
	if t.running != "" {
		return report(providers.InFlight, "%s is still running", t.running)
	}
	absent, err := report(providers.Absent, "the history has no version %d", t.version)
	absent.Traces = len(state.statements(t.version, Down)) > 0
	return absent, err
}

func report(v providers.Verdict, format string, args ...any) (providers.Report, error) {
	return providers.Report{Verdict: v, Detail: fmt.Sprintf(format, args...)}, nil
}

// probeStatements looks at the statement that was begun last.
func (t *task) probeStatements(ctx context.Context, s Session, begun []StatementReceipt) (providers.Report, error) {
	text, file, err := t.input(Up, t.migration.Up)
	if err != nil {
		return providers.Report{}, err
	}
	work, err := t.work(Up, file, text)
	if err != nil {
		return providers.Report{}, err
	}
	statements := work.Statements
	finished, left := 0, 0
	for _, r := range begun {
		if r.Finished {
			finished++
			continue
		}
		if r.Ordinal >= len(statements) || digestOf(statements[r.Ordinal].Text) != r.SQL {
			return report(providers.Unknown, "a statement that is not in the file was begun")
		}
		effect, err := s.Inspect(ctx, statements[r.Ordinal])
		if err != nil || effect == EffectUnknown {
			return providers.Report{Verdict: providers.Unknown, Detail: fmt.Sprintf(
				"%s:%d was begun, and the catalog does not tell whether it ended", file, statements[r.Ordinal].Line)}, err
		}
		if effect != EffectAbsent {
			left++
		}
	}
	if finished+left == 0 {
		absent, err := report(providers.Absent, "the first statement was begun, and the catalog has nothing of it")
		absent.Traces = true
		return absent, err
	}
	return report(providers.Partial, "%d of %d statements are finished", finished, len(statements))
}

// alive names a transaction that has not ended yet.
func (t *task) alive(ctx context.Context, s Session) (string, error) {
	for _, raw := range t.request.Recorded {
		var facts Facts
		if json.Unmarshal(raw, &facts) != nil || facts.XID == "" {
			continue
		}
		if alive, err := s.Alive(ctx, facts.XID); err != nil || alive {
			return "transaction " + facts.XID, err
		}
	}
	alive, err := s.Alive(ctx, "")
	if err != nil || !alive {
		return "", err
	}
	return "a migration's transaction", nil
}
