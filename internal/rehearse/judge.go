package rehearse

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"sync"

	"github.com/lockstep-dev/lockstep/internal/rehearse/queries"
	"github.com/lockstep-dev/lockstep/internal/rehearse/updown"
	"github.com/lockstep-dev/lockstep/plans"
)

// judged is what a file does to the application's statements, which are named
// by their places in the workload.
type judged struct {
	Breaks  []brokenAt
	Refused []int // the server refused them already before the file
}

type brokenAt struct {
	Statement int
	Break     queries.Break
}

// jury collects what is found in all parts of a rehearsal.
type jury struct {
	statements []queries.Statement

	mutex    sync.Mutex
	verdicts map[uint64]judged
}

func newJury(statements []queries.Statement) *jury {
	return &jury{statements: statements, verdicts: map[uint64]judged{}}
}

// watch describes the statements wherever the up files of a part have led.
func (j *jury) watch() updown.Look {
	var last []queries.Described
	return func(ctx context.Context, conn *sql.Conn, file *plans.MigrationFile) (err error) {
		if len(j.statements) == 0 {
			return nil
		}
		if file == nil {
			last, err = queries.Describe(ctx, conn, j.statements)
			return err
		}
		before := last
		if last, err = queries.DescribeAgain(ctx, conn, before); err == nil {
			j.judge(file.Version, before, last)
		}
		return err
	}
}

func (j *jury) judge(version uint64, before, after []queries.Described) {
	var v judged
	for i := range before {
		if before[i].Failure != nil {
			v.Refused = append(v.Refused, i)
		}
		for _, b := range queries.Compare(before[i:i+1], after[i:i+1]) {
			v.Breaks = append(v.Breaks, brokenAt{i, b})
		}
	}
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.verdicts[version] = v
}

// evidence tells what a file does to the statements, with how often they run
// now, and what is not known of those that use what the file drops.
func (w *workload) evidence(v judged, dropped []plans.Dropped) *plans.QueryEvidence {
	if len(w.Statements) == 0 {
		return nil
	}
	before := make([]queries.Described, len(w.Statements))
	for _, i := range v.Refused {
		before[i].Failure = &queries.Failure{}
	}
	breaks := make([]queries.Break, len(v.Breaks))
	for i, b := range v.Breaks {
		breaks[i] = b.Break.Of(w.Statements[b.Statement])
	}
	slices.SortStableFunc(breaks, func(a, b queries.Break) int { return cmp.Compare(b.TimePerDay, a.TimePerDay) })
	e := &plans.QueryEvidence{From: w.from, Tried: len(before), Unjudged: len(v.Refused)}
	e.ExpandSafe, e.Reason = queries.Verdict(breaks, before, w.Seen)
	e.Doubts = queries.Doubts(before, w.Seen)
	for _, d := range dropped {
		if name := updown.DroppedName(d); name != "" {
			e.Doubts = append(e.Doubts, w.Naming(name)...)
		}
	}
	for _, b := range breaks {
		e.Breaks = append(e.Breaks, plans.QueryBreak{
			Kind: string(b.Kind), SQL: b.SQL, Where: b.Where, Object: b.Object, Summary: b.Summary, Fix: b.Fix,
			Contract: b.Contract, CallsPerDay: b.CallsPerDay, TimePerDay: plans.Duration(b.TimePerDay), Source: b.Source,
		})
	}
	return e
}
