package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/providers/database"
)

var _ database.Rower = (*session)(nil)

// Fits implements database.Rower.
func (s *session) Fits(work database.Work) bool { return s.atOnce(work) }

// Row implements database.Rower: all files in one message, each in its own
// transaction. The server does one after the other and stops at the first
// error. Which are done is not concluded from that, but read.
func (s *session) Row(ctx context.Context, works []database.Work) ([]database.Measured, error) {
	c, err := s.worker(ctx, true)
	if err != nil {
		return nil, nil //nolint:nilerr // a single file will say so
	}
	failpoint.Here("postgres: before begin")
	failpoint.Here("postgres: before the migration's statements")
	message := s.rowMessage(ctx, c, works)
	failpoint.Here("postgres: before commit")
	_, err = c.ExecContext(ctx, message)
	failpoint.Here("postgres: after commit")
	if err == nil {
		s.keep(c, works[len(works)-1])
		return s.carriedOut(ctx, works)
	}
	_ = c.close() // it may be broken, and nothing more is to come of it
	// A backend that still works must not commit behind our back.
	if _, err := s.committed(ctx, c.pid, works[0].Change); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quiesceGrace)
	defer cancel()
	if err := flush(ctx, s.guard); err != nil {
		return nil, err
	}
	return s.carriedOut(ctx, works)
}

// flushLater leaves it to a later commit to make this one durable: the log is
// written in order, so the last one of a row stands for all of them.
// Source: PostgreSQL documentation, section 30.4, Asynchronous Commit.
const flushLater = `SET LOCAL synchronous_commit = off`

func (s *session) rowMessage(ctx context.Context, c *connection, works []database.Work) string {
	parts := make([]string, len(works))
	for i, work := range works {
		t := &transaction{connection: c, session: s, attempt: &attempt{budget: s.budget(ctx, work.File)}, work: work}
		o := t.opening()
		if c.soiled || i > 0 {
			o.preface = forget + "; " + o.preface
		}
		if i < len(works)-1 {
			o.last = flushLater + "; "
		}
		parts[i] = t.message(string(work.SQL), database.Measured{Tries: 1}, o)
	}
	return strings.Join(parts, "; ")
}

// carriedOut reads the receipts of a row, and what the server has measured.
func (s *session) carriedOut(ctx context.Context, works []database.Work) ([]database.Measured, error) {
	first, last := works[0].Change.Receipt, works[len(works)-1].Change.Receipt
	took, err := s.books.Load().Durations(ctx, s.guard, first, last)
	if err != nil {
		s.books.Store(nil)
		return nil, err
	}
	var list []database.Measured
	for _, work := range works {
		d, there := took[work.Change.Receipt.Version]
		if !there {
			s.books.Store(nil) // it is looked at anew why
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
