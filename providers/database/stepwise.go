package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers"
)

// stepwise runs a file one statement at a time. Each has a receipt: in the
// statement's own transaction, or around it where it cannot have one; then
// what was begun and not finished is looked up in the catalog.
func (t *task) stepwise(ctx context.Context, s Session, work Work, state State) (Measured, error) {
	half, err := t.half(work, state)
	if err != nil {
		return Measured{}, err
	}
	if err := s.Write(ctx, func(b Books, q Querier) error { return b.Prepare(ctx, q) }); err != nil {
		return Measured{}, err
	}
	earlier := state.statements(t.version, work.Change.Direction)
	total := Measured{Tries: 1}
	var set settings
	for i, statement := range work.Statements {
		receipt := StatementReceipt{Version: t.version, Direction: work.Change.Direction, Ordinal: i, SQL: digestOf(statement.Text)}
		m, err := t.statement(ctx, s, turn{Statement{statement, work.File, work.locksOf(i), set, half}, receipt}, find(earlier, i))
		if err != nil {
			return Measured{}, err
		}
		set = set.after(statement)
		total.Duration += m.Duration
		total.LockWait += m.LockWait
		total.Rows += m.Rows
		total.Queued = max(total.Queued, m.Queued)
		total.Tries = max(total.Tries, m.Tries)
	}
	failpoint.Here("database: before the receipt of a file in statement mode")
	err = s.Write(ctx, func(b Books, q Querier) error { return b.Enter(ctx, q, work.Change, total) })
	failpoint.Here("database: after the receipt of a file in statement mode")
	return total, err
}

// settings are the statements of a file that have prepared its session.
type settings []sqlscan.Statement

func (list settings) after(s sqlscan.Statement) settings {
	switch {
	case s.ForgetsSession():
		return nil
	case s.SetsSession() && !s.LimitsLocks(): // see withoutLockLimits
		return append(slices.Clip(list), s)
	default:
		return list
	}
}

func find(receipts []StatementReceipt, ordinal int) *StatementReceipt {
	for i := range receipts {
		if receipts[i].Ordinal == ordinal {
			return &receipts[i]
		}
	}
	return nil
}

// turn is one statement and the receipt that it will leave.
type turn struct {
	Statement
	receipt StatementReceipt
}

// statement brings one statement to its end, whatever an earlier try left.
func (t *task) statement(ctx context.Context, s Session, st turn, earlier *StatementReceipt) (Measured, error) {
	if earlier != nil && earlier.SQL != st.receipt.SQL {
		return Measured{}, fmt.Errorf("%s:%d: an earlier try ran another statement here; its content was %s: put that back, or see what lockstep repair says of it",
			st.File, st.Line, earlier.SQL.Short())
	}
	if st.SetsSession() { // a receipt would keep it from a new connection
		return s.Run(ctx, st.Statement)
	}
	if earlier != nil && earlier.Finished {
		return Measured{}, nil
	}
	run, err := t.settle(ctx, s, st.Statement, earlier != nil)
	if err != nil {
		return Measured{}, err
	}
	var m Measured
	if run {
		var done bool
		if m, done, err = t.together(ctx, s, st); done || err != nil {
			return m, err
		}
		if m, err = t.run(ctx, s, st); err != nil {
			return m, err
		}
	}
	err = s.Write(ctx, func(b Books, q Querier) error { return b.Finish(ctx, q, st.receipt) })
	failpoint.Here("database: after a statement's receipt")
	if err == nil {
		t.begun = nil
	}
	return m, err
}

// settle looks at what is there and reports whether the statement must run.
func (t *task) settle(ctx context.Context, s Session, st Statement, begun bool) (bool, error) {
	effect, err := s.Inspect(ctx, st.Statement)
	if err != nil {
		return false, err
	}
	switch {
	case effect == EffectBroken:
		t.say("%s:%d: mending what an interrupted try left behind", st.File, st.Line)
		if err := s.Mend(ctx, st.Statement); err != nil {
			return false, err
		}
		effect, err = s.Inspect(ctx, st.Statement)
		return effect != EffectDone, err
	case (begun || st.Half) && effect == EffectDone:
		return false, nil
	case begun && effect == EffectUnknown:
		return false, fmt.Errorf("%s:%d: an earlier try began this statement, and the catalog does not tell whether it ended; look, then decide",
			st.File, st.Line)
	default:
		return true, nil
	}
}

func (t *task) run(ctx context.Context, s Session, st turn) (Measured, error) {
	t.begun = &st // even if the answer to the write is lost
	failpoint.Here("database: before a statement's begin")
	err := s.Write(ctx, func(b Books, q Querier) error { return b.Begin(ctx, q, st.receipt, t.request) })
	if err != nil {
		return Measured{}, err
	}
	failpoint.Here("database: before a statement outside of a transaction")
	m, err := s.Run(ctx, st.Statement)
	failpoint.Here("database: after a statement outside of a transaction")
	if err != nil {
		return m, errors.Join(err, t.forget(ctx, s, st, err))
	}
	effect, err := s.Inspect(ctx, st.Statement.Statement)
	if err == nil && effect == EffectBroken {
		err = fmt.Errorf("%s:%d: the statement ended, and what it made is not valid", st.File, st.Line)
	}
	return m, err
}

// forget takes the receipt of a statement back that the database has refused,
// where such a statement leaves nothing: another try must not take what it
// was refused for (an index of that name) for its effect. What it leaves all
// the same (an INVALID index, which costs every write) is removed at once.
func (t *task) forget(ctx context.Context, s Session, st turn, refused error) error {
	var said *SQLError
	refuser, ok := s.(Refuser)
	if !ok || ctx.Err() != nil || !errors.As(refused, &said) && !errors.Is(refused, providers.ErrBlocked) {
		return nil
	}
	if said != nil && said.Cancelled || !refuser.LeavesNothing(ctx, st.Statement.Statement) {
		return nil
	}
	effect, err := s.Inspect(ctx, st.Statement.Statement)
	if err == nil && effect == EffectBroken {
		t.say("%s:%d: removing what the statement left behind that was refused", st.File, st.Line)
		err = s.Mend(ctx, st.Statement.Statement)
	}
	if err != nil {
		return err
	}
	return s.Write(ctx, func(b Books, q Querier) error { return b.Forget(ctx, q, st.receipt) })
}

// tidyTimeout bounds the attempt to tidy up after a failure.
const tidyTimeout = 10 * time.Second

// tidy takes the receipt of a statement back whose connection was lost before
// it did anything: the file may be another one when it is tried again. Whatever
// cannot be told now is told by the catalog then.
func (t *task) tidy(ctx context.Context) {
	if t.begun == nil || ctx.Err() != nil {
		return
	}
	st := *t.begun
	ctx, cancel := context.WithTimeout(ctx, tidyTimeout)
	defer cancel()
	_ = t.do(ctx, func(ctx context.Context, s Session, _ State) error { // best effort, see above
		effect, err := s.Inspect(ctx, st.Statement.Statement)
		if err != nil || effect != EffectAbsent {
			return err
		}
		return s.Write(ctx, func(b Books, q Querier) error { return b.Forget(ctx, q, st.receipt) })
	})
}
