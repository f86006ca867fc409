package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// batcher works in batches on one connection, kept for all of them. The
// session's guard holds the lock and looks at replicas.
type batcher struct {
	session  *session
	work     *connection
	replicas lagWatch
	// wary is how many batches are watched, because others were in the way of
	// one: after it has given up the server no longer tells who it was.
	wary int
}

// wariness is how long it is remembered that others were in the way.
const wariness = 20

// Batches keeps other processes away from the same cursor, but no migrations
// of other tools: a batch is short, and they need not wait for the last one.
func (s *session) Batches(ctx context.Context, key database.CursorKey) (database.Batcher, error) {
	if err := s.holdBackfill(ctx, key); err != nil {
		return nil, lost(err)
	}
	work, err := connect(ctx, s.job.Target.URL, s.application())
	if err != nil {
		return nil, err
	}
	return &batcher{session: s, work: work}, nil
}

// holdBackfill takes a lock of this backfill's own. Behind a pooler there is
// none to be had; the cursor, which each batch checks, is enough.
func (s *session) holdBackfill(ctx context.Context, key database.CursorKey) error {
	if s.job.Target.Lock == database.LockLease {
		return nil
	}
	hash := fnv.New64a()
	_, _ = fmt.Fprintf(hash, "lockstep backfill\x00%s\x00%s", key.ChangeSet, key.Step) // a hash takes any text
	keys := []int64{int64(hash.Sum64())}
	deadline := s.lastTry(ctx)
	for try := 0; ; try++ {
		got, err := s.tryLock(ctx, keys)
		if err != nil || got {
			return err
		}
		holder := s.holder(ctx, keys)
		pause := backoff(try)
		if time.Now().Add(pause).After(deadline) {
			return fmt.Errorf("%w: another process carries out this backfill: %s; wait for it, or end it", providers.ErrBlocked, holder)
		}
		if try == 0 {
			s.job.Say("waiting for another process that carries out this backfill: %s", holder)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// Close gives the backfill's lock back in words: a server that does not notice
// that its client is gone would keep it.
func (b *batcher) Close() error {
	err := b.work.close()
	if b.session.job.Target.Lock != database.LockLease {
		err = errors.Join(err, b.session.letGo())
	}
	return err
}

// Batch runs work in one short transaction.
func (b *batcher) Batch(ctx context.Context, limits database.Limits, work func(context.Context, database.Querier) error) error {
	if b.wary == 0 {
		err := b.batch(ctx, limits, work)
		if errors.Is(err, database.ErrCrowded) {
			b.wary = wariness
		}
		return err
	}
	unheard := &budget{say: func(string, ...any) {}, met: map[string]time.Time{}}
	w := b.session.watch(ctx, unheard)
	w.follow(b.work.pid)
	err := b.batch(ctx, limits, work)
	w.stop()
	b.wary--
	if !errors.Is(err, database.ErrCrowded) {
		return err
	}
	b.wary = wariness
	if len(w.holders) > 0 {
		err = fmt.Errorf("%w; blocked by %s", err, nameAll(w.holders))
	}
	return err
}

func (b *batcher) batch(ctx context.Context, limits database.Limits, work func(context.Context, database.Querier) error) error {
	tx, err := b.work.BeginTx(ctx, nil)
	if err != nil {
		return lost(fmt.Errorf("begin: %w", err))
	}
	defer func() { _ = tx.Rollback() }() // harmless after a commit
	// A role may have turned durability off; a cursor must not be lost.
	_, err = tx.ExecContext(ctx, timeouts(limits.Lock, limits.Statement)+`; SET LOCAL synchronous_commit = on`)
	if err != nil {
		return lost(fmt.Errorf("set the timeouts: %w", err))
	}
	if err := work(ctx, tx); err != nil {
		return crowded(ctx, lost(err))
	}
	failpoint.Here("database: before a batch's commit")
	if err := tx.Commit(); err != nil {
		return crowded(ctx, lost(fmt.Errorf("commit: %w", err)))
	}
	return nil
}

// crowded marks errors after which a smaller batch may do: lock_not_available,
// deadlock_detected, serialization_failure, and query_canceled by a timeout.
func crowded(ctx context.Context, err error) error {
	switch code(err) {
	case "55P03", "40P01", "40001":
		return fmt.Errorf("%w: %w", database.ErrCrowded, err)
	case "57014":
		if ctx.Err() == nil {
			return fmt.Errorf("%w: it took too long: %w", database.ErrCrowded, err)
		}
	}
	return err
}

// Describe names the place of a statement's error.
func (*batcher) Describe(err error, place database.Place) error {
	return describe(err, place.File, place.Text, place.Line)
}

// Bind casts the parameters to the key's type, so that one of them may stand
// where types cannot be deduced.
func (*batcher) Bind(update sqlscan.Statement, keyType string) database.Bound {
	text := update.Bind(func(name string) string {
		return fmt.Sprintf("CAST(%s AS %s)", map[string]string{"from": "$1", "to": "$2"}[name], keyType)
	})
	return func(span database.Span) (string, []any) { return text, []any{span.From, span.To} }
}

// Count runs a query that returns one number.
func (b *batcher) Count(ctx context.Context, query string) (int64, error) {
	tx, err := b.work.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return 0, lost(fmt.Errorf("begin: %w", err))
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	target := b.session.job.Target
	if _, err := tx.ExecContext(ctx, timeouts(target.LockTimeout, target.StatementTimeout)); err != nil {
		return 0, lost(fmt.Errorf("set the timeouts: %w", err))
	}
	n, err := database.OneNumber(ctx, tx, query)
	return n, lost(err)
}

// Cursors is the table of cursors, which may have to be made.
func (*batcher) Cursors(ctx context.Context, q database.Querier) (database.Cursors, error) {
	return findCursors(ctx, q)
}

func findCursors(ctx context.Context, q database.Querier) (database.Cursors, error) {
	c := database.Cursors{
		Table: `lockstep.backfill`, Lock: ` FOR UPDATE`, Now: `clock_timestamp()`,
		ReadTime:    `to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
		Placeholder: func(n int) string { return fmt.Sprintf("$%d", n) },
		Create: []string{
			`CREATE SCHEMA IF NOT EXISTS lockstep`,
			`CREATE TABLE IF NOT EXISTS lockstep.backfill (
				change_set text, step text, definition text NOT NULL, remaining text NOT NULL, pass int NOT NULL,
				last_key text, up_to text, keys_passed bigint NOT NULL, rows_changed bigint NOT NULL, batches bigint NOT NULL,
				started_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, finished_at timestamptz,
				run text NOT NULL, plan_digest text NOT NULL, actor text NOT NULL, PRIMARY KEY (change_set, step))`,
		},
	}
	there, err := database.OneNumber(ctx, q, `SELECT count(to_regclass('lockstep.backfill'))`)
	c.There = there > 0
	return c, lost(err)
}

// literalName is the catalog's spelling of a name as SQL has it.
func literalName(name string) string {
	statements, err := sqlscan.Split([]byte(name))
	if err != nil || len(statements) != 1 {
		return name
	}
	if tokens := statements[0].Tokens(); len(tokens) == 1 && tokens[0].Name() != "" {
		return tokens[0].Name()
	}
	return name
}

var _ database.Backfiller = driver{}

var _ database.BatchSession = (*session)(nil)
