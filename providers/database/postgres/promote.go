package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// inOne reports whether the file, its receipt and the commit can go over in
// one message: the books are known, and the file has nothing that counts rows
// or returns any.
func (s *session) inOne(work database.Work) bool {
	c := work.Change
	return !splitReceipt && !s.guard.pooled && c.Next && c.Direction == database.Up && c.Baseline == nil && c.Statement == nil &&
		s.books != nil && catalogAlone(work)
}

func catalogAlone(work database.Work) bool {
	for _, s := range work.Statements {
		if !catalogOnly(s) {
			return false
		}
	}
	return len(work.Statements) > 0
}

func catalogOnly(s sqlscan.Statement) bool {
	if len(s.Words) == 0 {
		return false
	}
	switch s.Words[0] {
	case "CREATE", "ALTER", "DROP", "COMMENT":
		return true
	default:
		return false
	}
}

// atOnce reports whether the beginning can go over in the same message, too:
// there are no locks to be taken before the file.
func (s *session) atOnce(work database.Work) bool {
	_, plain := s.guarding.(sessionLocks)
	return plain && s.inOne(work) && len(needs{work.Statements, work.Locks}.wishes()) == 0
}

// whole runs a try as one message.
func (t *transaction) whole(ctx context.Context) (m database.Measured, err error) {
	t.attempt.granted = time.Now()
	t.attempt.watch.follow(t.pid)
	failpoint.Here("postgres: before the migration's statements")
	t.attempt.measure(&m)
	o := t.opening()
	if t.soiled {
		o.preface = forget + "; " + o.preface
		t.prepared = false
	}
	err = t.promote(ctx, m, o)
	m.Duration = time.Since(t.attempt.granted)
	return m, err
}

// opening is what goes over before the file, how the id of the transaction
// that has begun there and the time since are spelled, and what goes over right
// before COMMIT; the first three are empty where it has begun already. The
// connection may have the statements prepared.
type opening struct {
	preface, began, elapsed, last string
	prepared                      bool
}

func (t *transaction) opening() opening { return t.session.opening(t.attempt.bodyLimit()) }

func (s *session) opening(lock time.Duration) opening {
	return opening{preface: "BEGIN; " + s.limits(lock) + "; " + s.enterAlone() + "; ", began: began, elapsed: sinceBegan}
}

func (s *session) openingPrepared(lock time.Duration) opening {
	return opening{preface: "BEGIN; " + s.limits(lock) + "; " + enterPrepared + "; ", began: began, elapsed: sinceBegan, prepared: true}
}

// promote sends the file, its receipt and COMMIT as one message. The server
// reads it as a whole before it does any of it, stops at the first error, and
// commits nothing then. The receipt fails when the file has ended the
// transaction, or when another tool has moved the version meanwhile.
func (t *transaction) promote(ctx context.Context, m database.Measured, o opening) error {
	text, line := string(t.work.SQL), 1
	if len(t.work.Statements) == 1 { // an error without a position is then at its line
		text, line = t.work.Statements[0].Text, t.work.Statements[0].Line
	}
	message := t.message(text, m, o)
	failpoint.Here("postgres: before commit")
	_, err := t.ExecContext(ctx, message)
	failpoint.Here("postgres: after commit")
	if err == nil {
		return nil
	}
	if c := code(err); c == "" || lostConnection(c) {
		return t.afterLoss(ctx, err)
	}
	return t.blame(ctx, behind(err, o.preface), text, line)
}

func (t *transaction) message(text string, m database.Measured, o opening) string {
	m.XID, m.Rows = t.xid, 0
	promotion := t.session.books.Promotion
	if o.prepared {
		promotion = t.session.books.ExecutePromotion
	}
	return o.preface + text + "\n;" + t.leave() + "; " + t.session.limits(t.attempt.bodyLimit()) + "; " +
		promotion(t.work.Change, m, o.dialect()) + "; " + o.last + "COMMIT"
}

func (o opening) dialect() database.Dialect {
	return database.Dialect{
		Literal: literal, Transaction: "pg_catalog.pg_current_xact_id()::text", Began: o.began, Duration: cmp.Or(o.elapsed, sinceMessage),
	}
}

// behind counts the position of an error from the end of the preface.
func behind(err error, preface string) error {
	e, ok := errors.AsType[*pq.Error](err)
	if !ok || position(e) == 0 || preface == "" {
		return err
	}
	moved := *e
	moved.Position = strconv.Itoa(position(e) - utf8.RuneCountInString(preface))
	return &moved
}

// sinceMessage is the time since the message arrived, in milliseconds.
const sinceMessage = `(extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.statement_timestamp()) * 1000)::bigint`

// blame tells an error of the file from one of the receipt.
func (t *transaction) blame(ctx context.Context, err error, text string, line int) error {
	e, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return err
	}
	switch {
	case e.Code == "22P02" && strings.Contains(e.Message, notAlone):
		return errNotAlone()
	case e.Code == "23502" && e.Schema == "lockstep" && e.Column == "xid":
		return t.notTrue(ctx)
	case e.Schema == "lockstep" || position(e) > len([]rune(text)):
		return fmt.Errorf("write the receipt: %w", err)
	default:
		return describe(err, t.work.File, text, line)
	}
}

// notTrue says why the receipt would not have been true.
func (t *transaction) notTrue(ctx context.Context) error {
	version, dirty, err := t.session.books.ReadVersion(ctx, t.session.guard)
	if err != nil {
		return err
	}
	if version != t.work.Change.Before || dirty {
		return fmt.Errorf("%s: nothing was changed: another tool has moved %s to version %d (dirty: %t) during the run; wait for it to end and plan again",
			t.work.File, t.session.job.Target.Table, version, dirty)
	}
	return t.escaped()
}

// escaped is the error of a file that is committed without a receipt.
func (t *transaction) escaped() error {
	return fmt.Errorf("%s: the file ended its own transaction: part of it is committed without a receipt (transaction %s); look at the database, then decide",
		t.work.File, t.xid)
}

func position(e *pq.Error) int {
	n, err := strconv.Atoi(e.Position)
	if err != nil {
		return 0
	}
	return n
}

// literal spells a value so that no setting of the session changes it.
func literal(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimPrefix(pq.QuoteLiteral(v), " ")
	case sql.NullInt64:
		if !v.Valid {
			return "NULL::bigint"
		}
		return strconv.FormatInt(v.Int64, 10)
	default:
		return fmt.Sprint(v) // numbers and booleans
	}
}
