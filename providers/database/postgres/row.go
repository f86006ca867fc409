package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers/database"
)

var _ database.Rower = (*session)(nil)

// Fits implements database.Rower.
func (s *session) Fits(work database.Work) bool {
	return s.atOnce(work) && !slices.ContainsFunc(work.Statements, fills)
}

// fills reports whether a statement makes a table of a query's rows, which
// takes as long as they do.
func fills(statement sqlscan.Statement) bool {
	if slices.Contains(statement.Words[:min(3, len(statement.Words))], "MATERIALIZED") {
		return true
	}
	if !slices.Contains(statement.Words[:min(4, len(statement.Words))], "TABLE") {
		return false
	}
	depth := 0
	for _, t := range statement.Tokens() {
		switch {
		case t.Symbol("("):
			depth++
		case t.Symbol(")"):
			depth--
		case depth == 0 && t.Is("AS"):
			return true
		}
	}
	return false
}

// Row implements database.Rower: all files in one message, each in its own
// transaction. The server does one after the other and stops at the first
// error. Which are done is not concluded from that, but read.
func (s *session) Row(works []database.Work) database.Row {
	return &row{session: s, works: works, message: s.rowMessage(works), prepare: s.prepareRows()}
}

// row is such a message.
type row struct {
	*session
	works            []database.Work
	message, prepare string
	// unsent and broken say why not all of it is done; unsettled why nobody can
	// tell how much.
	unsent, broken bool
	unsettled      error
}

// Send implements database.Row.
func (r *row) Send(ctx context.Context) bool {
	c, err := r.worker(ctx, true)
	if err != nil {
		r.unsent = true // a single file will say why
		return false
	}
	failpoint.Here("postgres: before begin")
	failpoint.Here("postgres: before the migration's statements")
	failpoint.Here("postgres: before commit")
	_, err = c.ExecContext(ctx, r.preface(c)+r.message)
	failpoint.Here("postgres: after commit")
	if err == nil {
		c.prepared = true
		r.keep(c, r.works[len(r.works)-1])
		return true
	}
	r.broken = true
	_ = c.close() // nothing more is to come of it
	// A backend that still works must not commit behind our back.
	_, r.unsettled = r.committed(ctx, c.pid, r.works[0].Change)
	return false
}

// What each file of a row needs is prepared once in its connection.
const (
	enterPrepared     = `EXECUTE lockstep_enter`
	forgetButPrepared = `CLOSE ALL; RESET SESSION AUTHORIZATION; RESET ALL; UNLISTEN *; ` +
		`EXECUTE lockstep_unlock; DISCARD TEMP; DISCARD SEQUENCES`
)

func (s *session) prepareRows() string {
	return `PREPARE lockstep_unlock AS SELECT pg_catalog.pg_advisory_unlock_all(); ` +
		`PREPARE lockstep_enter AS ` + s.enterAlone() + `; ` + s.books.PreparePromotion(s.opening(0).dialect()) + `; `
}

// preface makes the connection as if it was new, and prepares what rows need.
// Between their files that may stay: they have no statement that prepares or
// executes any.
func (r *row) preface(c *connection) string {
	if c.prepared {
		return forgetButPrepared + "; "
	}
	if c.soiled {
		return forget + "; " + r.prepare
	}
	return r.prepare
}

// Done implements database.Row.
func (r *row) Done(ctx context.Context) ([]database.Measured, error) {
	if r.unsent || r.unsettled != nil {
		return nil, r.unsettled
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quiesceGrace)
	defer cancel()
	if r.broken {
		if err := flush(ctx, r.guard); err != nil {
			return nil, err
		}
	}
	return r.carriedOut(ctx, r.works)
}

// flushLater leaves it to a later commit to make this one durable: the log is
// written in order, so the last one of a row stands for all of them.
// Source: PostgreSQL documentation, section 30.4, Asynchronous Commit.
const flushLater = `SET LOCAL synchronous_commit = off`

func (s *session) rowMessage(works []database.Work) string {
	parts := make([]string, len(works))
	for i, work := range works {
		a := &attempt{budget: s.budget(context.Background(), work.File)}
		t := &transaction{connection: s.guard, session: s, attempt: a, work: work}
		o := s.openingPrepared(a.bodyLimit())
		if i < len(works)-1 {
			o.last = flushLater + "; "
		}
		parts[i] = t.message(string(work.SQL), database.Measured{Tries: 1}, o)
	}
	return strings.Join(parts, "; "+forgetButPrepared+"; ")
}

// carriedOut reads the receipts of a row, and what the server has measured.
func (s *session) carriedOut(ctx context.Context, works []database.Work) ([]database.Measured, error) {
	first, last := works[0].Change.Receipt, works[len(works)-1].Change.Receipt
	took, err := s.books.Durations(ctx, s.guard, first, last)
	if err != nil {
		s.books = nil
		return nil, err
	}
	var list []database.Measured
	for _, work := range works {
		d, there := took[work.Change.Receipt.Version]
		if !there {
			s.books = nil // it is looked at anew why
			break
		}
		list = append(list, database.Measured{Duration: d, Tries: 1})
	}
	if len(list) < len(took) {
		return nil, fmt.Errorf("%d of the versions %d to %d are in the history, and not the first ones", len(took), first.Version, last.Version)
	}
	return list, nil
}

// flush makes durable what others have read and nobody has waited for: the
// first commits of a row that was cut off. A commit that has written anything
// waits for the whole log before it. What is read of a standby is not ours to
// make durable.
// Source: PostgreSQL documentation, pg_logical_emit_message.
func flush(ctx context.Context, c *connection) error {
	_, err := c.ExecContext(ctx, `BEGIN READ WRITE; SET LOCAL synchronous_commit = on; `+
		`SELECT pg_catalog.pg_logical_emit_message(true, 'lockstep', ''); COMMIT`)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("make the history durable: %w", err)
	var standby bool
	if _, endErr := c.ExecContext(ctx, `ROLLBACK`); endErr != nil {
		return errors.Join(err, endErr)
	}
	if askErr := c.QueryRowContext(ctx, `SELECT pg_is_in_recovery()`).Scan(&standby); askErr != nil {
		return errors.Join(err, askErr)
	}
	if standby {
		return nil
	}
	return err
}
