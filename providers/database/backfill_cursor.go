package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// CursorKey names a backfill in a database.
type CursorKey struct{ ChangeSet, Step string }

// Cursor is the place to which a backfill has come. It moves in the
// transaction of each batch, so it tells the truth after any crash.
type Cursor struct {
	CursorKey
	Definition plans.Digest
	// Remaining is the digest of the query that found nothing left.
	Remaining plans.Digest
	Pass      int     // from 1; a repeatable backfill can go over its table again
	LastKey   *string // of the last batch of this pass; nil before the first
	UpTo      *string // the last key of this pass; nil for an empty table
	// Keys were passed in this pass, Rows changed in all, by so many Batches.
	Keys, Rows, Batches int64
	Finished            string // RFC 3339, the database's clock
	Run                 string
	Plan                plans.Digest
	Actor               string
}

// state is the cursor as the plan binds it.
func (c Cursor) state() *plans.BackfillState {
	s := &plans.BackfillState{Definition: c.Definition, Remaining: c.Remaining, Rows: c.Rows, Finished: c.Finished, Run: c.Run}
	if c.LastKey != nil {
		s.LastKey = *c.LastKey
	}
	return s
}

// at reports whether both cursors are at the same place of the same work.
func (c Cursor) at(other Cursor) bool {
	same := (c.LastKey == nil) == (other.LastKey == nil) && (c.LastKey == nil || *c.LastKey == *other.LastKey)
	return same && c.Definition == other.Definition && c.Run == other.Run && c.Pass == other.Pass
}

// place says where it is, for people.
func (c Cursor) place() string {
	if c.LastKey == nil {
		return "its first key"
	}
	return "key " + *c.LastKey
}

// Cursors is the table of cursors in one SQL dialect.
type Cursors struct {
	Table string // quoted and qualified
	There bool   // false: Create has to make it
	// Create makes the table; Types are the dialect's names for its columns.
	Create []string
	// Lock ends a SELECT that keeps the row for its transaction.
	Lock string
	// Now is the database's clock, ReadTime turns {column} into RFC 3339.
	Now, ReadTime string
	// Placeholder is the n-th parameter, from 1; parameters are numbered in
	// the order in which they stand, each used once.
	Placeholder func(n int) string
}

func (c Cursors) query(text string) string {
	text = strings.NewReplacer("{table}", c.Table, "{now}", c.Now,
		"{finished}", strings.ReplaceAll(c.ReadTime, "{column}", "finished_at")).Replace(text)
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(text, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString(c.Placeholder(n))
		text = after
	}
}

func (c Cursors) exec(ctx context.Context, q Querier, text string, args ...any) error {
	result, err := q.ExecContext(ctx, c.query(text), args...)
	if err != nil {
		return fmt.Errorf("write the backfill's cursor: %w", err)
	}
	if n, err := result.RowsAffected(); err == nil && n != 1 {
		return fmt.Errorf("write the backfill's cursor: %d rows, expected 1", n)
	}
	return nil
}

// Prepare makes the table where it is missing.
func (c Cursors) Prepare(ctx context.Context, q Querier) error {
	if c.There {
		return nil
	}
	for _, statement := range c.Create {
		if _, err := q.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("create Lockstep's table of backfills: %w", err)
		}
	}
	return nil
}

// Read returns a cursor and whether there is one. With lock it keeps the row
// for q's transaction.
func (c Cursors) Read(ctx context.Context, q Querier, key CursorKey, lock bool) (Cursor, bool, error) {
	text := `SELECT definition, remaining, pass, last_key, up_to, keys_passed, rows_changed, batches,
		coalesce({finished}, ''), run, plan_digest, actor FROM {table} WHERE change_set = ? AND step = ?`
	if lock {
		text += c.Lock
	}
	rows, err := q.QueryContext(ctx, c.query(text), key.ChangeSet, key.Step)
	if err != nil {
		return Cursor{}, false, fmt.Errorf("read the backfill's cursor: %w", err)
	}
	defer rows.Close()
	found, there := Cursor{CursorKey: key}, false
	for rows.Next() {
		there = true
		var last, upTo sql.NullString
		if err := rows.Scan(&found.Definition, &found.Remaining, &found.Pass, &last, &upTo, &found.Keys, &found.Rows,
			&found.Batches, &found.Finished, &found.Run, &found.Plan, &found.Actor); err != nil {
			return Cursor{}, false, fmt.Errorf("read the backfill's cursor: %w", err)
		}
		found.LastKey, found.UpTo = optional(last), optional(upTo)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return Cursor{}, false, fmt.Errorf("read the backfill's cursor: %w", err)
	}
	return found, there, nil
}

func optional(s sql.NullString) *string {
	if !s.Valid {
		return nil
	}
	return &s.String
}

// Begin writes the cursor of a backfill that starts at the first key.
func (c Cursors) Begin(ctx context.Context, q Querier, at Cursor) error {
	if _, err := q.ExecContext(ctx, c.query(`DELETE FROM {table} WHERE change_set = ? AND step = ?`), at.ChangeSet, at.Step); err != nil {
		return fmt.Errorf("write the backfill's cursor: %w", err)
	}
	return c.exec(ctx, q, `INSERT INTO {table} (change_set, step, definition, remaining, pass, last_key, up_to, keys_passed,
		rows_changed, batches, started_at, updated_at, finished_at, run, plan_digest, actor)
		VALUES (?, ?, ?, '', ?, NULL, ?, 0, 0, 0, {now}, {now}, NULL, ?, ?, ?)`,
		at.ChangeSet, at.Step, string(at.Definition), at.Pass, at.UpTo, at.Run, string(at.Plan), at.Actor)
}

// Write brings the row to what the cursor says.
func (c Cursors) Write(ctx context.Context, q Querier, at Cursor) error {
	return c.exec(ctx, q, `UPDATE {table} SET remaining = '', finished_at = NULL, updated_at = {now}, pass = ?, last_key = ?, up_to = ?,
		keys_passed = ?, rows_changed = ?, batches = ?, run = ?, plan_digest = ?, actor = ? WHERE change_set = ? AND step = ?`,
		at.Pass, at.LastKey, at.UpTo, at.Keys, at.Rows, at.Batches, at.Run, string(at.Plan), at.Actor, at.ChangeSet, at.Step)
}

// Finish says that the backfill is done, and what counted that.
func (c Cursors) Finish(ctx context.Context, q Querier, at Cursor) error {
	return c.exec(ctx, q, `UPDATE {table} SET finished_at = {now}, updated_at = {now}, remaining = ? WHERE change_set = ? AND step = ?`,
		string(at.Remaining), at.ChangeSet, at.Step)
}
