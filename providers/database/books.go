package database

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// Querier is a connection or a transaction.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Books are the three tables that Lockstep keeps in a target, in one SQL
// dialect. Names are quoted and qualified, so that no search_path matters.
type Books struct {
	History    string // lockstep.history
	Versions   string // golang-migrate's table
	Statements string // lockstep.statement_receipt
	Backfills  string // lockstep.backfill; empty where there is none
	// Create makes what is missing.
	Create []string
	// Now is the database's clock, ReadTime turns applied_at into RFC 3339.
	Now, ReadTime string
	// WriteTime turns RFC 3339, parameter $2, into applied_at; empty: as it is.
	WriteTime string
	// Placeholder begins a numbered parameter: "$" or "?".
	Placeholder string
}

func (b Books) query(text string) string {
	text = strings.NewReplacer(
		"{history}", b.History, "{versions}", b.Versions, "{statements}", b.Statements,
		"{now}", b.Now, "{applied_at}", b.ReadTime,
	).Replace(text)
	return strings.ReplaceAll(text, "$", b.Placeholder)
}

func (b Books) exec(ctx context.Context, q Querier, text string, args ...any) error {
	_, err := q.ExecContext(ctx, b.query(text), args...)
	return err
}

// Prepare makes the tables that are missing.
func (b Books) Prepare(ctx context.Context, q Querier) error {
	for _, statement := range b.Create {
		if _, err := q.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("create Lockstep's tables: %w", err)
		}
	}
	return nil
}

// Enter writes a change. It uses DELETE and INSERT where golang-migrate uses
// TRUNCATE, which would wait for everyone who reads the table.
func (b Books) Enter(ctx context.Context, q Querier, c Change, m Measured) error {
	if err := b.enter(ctx, q, c, m); err != nil {
		return fmt.Errorf("write the receipt: %w", err)
	}
	return nil
}

func (b Books) enter(ctx context.Context, q Querier, c Change, m Measured) error {
	if c.Statement != nil {
		return b.enterStatement(ctx, q, *c.Statement, c.Receipt)
	}
	if c.Baseline != nil {
		if err := b.insert(ctx, q, *c.Baseline, Measured{Rows: -1}); err != nil {
			return err
		}
	}
	if err := b.exec(ctx, q, `DELETE FROM {history} WHERE version = $1`, int64(c.Receipt.Version)); err != nil {
		return err
	}
	if err := b.forgetBackfills(ctx, q, c); err != nil {
		return err
	}
	if c.Direction == Up {
		if err := b.insert(ctx, q, c.Receipt, m); err != nil {
			return err
		}
	}
	if err := b.exec(ctx, q, `DELETE FROM {statements} WHERE version = $1`, int64(c.Receipt.Version)); err != nil {
		return err
	}
	return b.SetVersion(ctx, q, c.Version)
}

// SetVersion makes schema_migrations say version, clean; 0 empties it.
func (b Books) SetVersion(ctx context.Context, q Querier, version uint64) error {
	if err := b.exec(ctx, q, `DELETE FROM {versions}`); err != nil || version == 0 {
		return err
	}
	return b.exec(ctx, q, `INSERT INTO {versions} (version, dirty) VALUES ($1, $2)`, int64(version), false)
}

func (b Books) insert(ctx context.Context, q Querier, r Receipt, m Measured) error {
	columns, values := row(r, m)
	places := make([]string, len(columns))
	for i := range places {
		places[i] = "$" + strconv.Itoa(i+1)
	}
	return b.exec(ctx, q, `INSERT INTO {history} (`+strings.Join(columns, ", ")+`, applied_at)
		VALUES (`+strings.Join(places, ", ")+`, {now})`, values...)
}

// row is a receipt as the history keeps it, but for the time.
func row(r Receipt, m Measured) (columns []string, values []any) {
	columns = []string{
		"version", "name", "up_digest", "down_digest", "down_sql", "phase", "class", "mode",
		"change_set", "run", "step", "plan_digest", "actor", "fresh",
		"duration_ms", "lock_wait_ms", "xid", "canonical_digest", "queued_ms", "tries", "rows",
	}
	return columns, []any{
		int64(r.Version), r.Name, string(r.Up), string(r.Down), r.DownSQL, string(r.Phase), string(r.Class), r.Mode,
		r.ChangeSet, r.Run, r.Step, string(r.Plan), r.Actor, r.Fresh,
		m.Duration.Milliseconds(), m.LockWait.Milliseconds(), m.XID, string(r.Canonical), m.Queued.Milliseconds(), m.Tries, counted(m.Rows),
	}
}

// counted is NULL when nobody has counted.
func counted(rows int64) sql.NullInt64 { return sql.NullInt64{Int64: rows, Valid: rows >= 0} }

// ReadHistory returns all rows of the history, by version.
func (b Books) ReadHistory(ctx context.Context, q Querier) ([]Receipt, error) {
	rows, err := q.QueryContext(ctx, b.query(`SELECT version, name, up_digest, down_digest, down_sql, phase, class, mode,
		change_set, run, step, plan_digest, actor, fresh, {applied_at}, xid, canonical_digest FROM {history} ORDER BY version`))
	if err != nil {
		return nil, fmt.Errorf("read the history: %w", err)
	}
	defer rows.Close()
	var list []Receipt
	for rows.Next() {
		var r Receipt
		var version int64
		if err := rows.Scan(&version, &r.Name, &r.Up, &r.Down, &r.DownSQL, &r.Phase, &r.Class, &r.Mode,
			&r.ChangeSet, &r.Run, &r.Step, &r.Plan, &r.Actor, &r.Fresh, &r.AppliedAt, &r.XID, &r.Canonical); err != nil {
			return nil, fmt.Errorf("read the history: %w", err)
		}
		r.Version = uint64(version)
		list = append(list, r)
	}
	return list, rows.Err()
}

// Durations returns the versions from first to last that the run of first has
// applied, and how long each took.
func (b Books) Durations(ctx context.Context, q Querier, first, last Receipt) (map[uint64]time.Duration, error) {
	rows, err := q.QueryContext(ctx, b.query(`SELECT version, duration_ms FROM {history}
		WHERE version BETWEEN $1 AND $2 AND run = $3 AND plan_digest = $4`), int64(first.Version), int64(last.Version), first.Run, string(first.Plan))
	if err != nil {
		return nil, fmt.Errorf("read the history: %w", err)
	}
	defer rows.Close()
	took := map[uint64]time.Duration{}
	for rows.Next() {
		var version, ms int64
		if err := rows.Scan(&version, &ms); err != nil {
			return nil, fmt.Errorf("read the history: %w", err)
		}
		took[uint64(version)] = time.Duration(ms) * time.Millisecond
	}
	return took, rows.Err()
}

// ReadStatements returns the receipts of unfinished files, in order.
func (b Books) ReadStatements(ctx context.Context, q Querier) ([]StatementReceipt, error) {
	rows, err := q.QueryContext(ctx, b.query(`SELECT version, direction, ordinal, sql_digest, finished, run
		FROM {statements} ORDER BY version, direction, ordinal`))
	if err != nil {
		return nil, fmt.Errorf("read the statement receipts: %w", err)
	}
	defer rows.Close()
	var list []StatementReceipt
	for rows.Next() {
		var r StatementReceipt
		var version int64
		if err := rows.Scan(&version, &r.Direction, &r.Ordinal, &r.SQL, &r.Finished, &r.Run); err != nil {
			return nil, fmt.Errorf("read the statement receipts: %w", err)
		}
		r.Version = uint64(version)
		list = append(list, r)
	}
	return list, rows.Err()
}

// ReadVersion returns golang-migrate's row; version 0 when there is none.
// -1, which it writes for a failed first migration, is version 0 and dirty.
func (b Books) ReadVersion(ctx context.Context, q Querier) (version uint64, dirty bool, err error) {
	rows, err := q.QueryContext(ctx, b.query(`SELECT version, dirty FROM {versions} ORDER BY version DESC LIMIT 1`))
	if err != nil {
		return 0, false, fmt.Errorf("read the schema version: %w", err)
	}
	defer rows.Close()
	var n int64
	for rows.Next() {
		if err := rows.Scan(&n, &dirty); err != nil {
			return 0, false, fmt.Errorf("read the schema version: %w", err)
		}
	}
	return uint64(max(n, 0)), dirty, rows.Err()
}

// enterStatement records a statement in its own transaction.
func (b Books) enterStatement(ctx context.Context, q Querier, r StatementReceipt, owner Receipt) error {
	if err := b.exec(ctx, q, `DELETE FROM {statements} WHERE version = $1 AND direction = $2 AND ordinal = $3`,
		int64(r.Version), r.Direction, r.Ordinal); err != nil {
		return err
	}
	return b.exec(ctx, q, `INSERT INTO {statements} (version, direction, ordinal, sql_digest, run, step, started_at, finished)
		VALUES ($1, $2, $3, $4, $5, $6, {now}, $7)`,
		int64(r.Version), r.Direction, r.Ordinal, string(r.SQL), owner.Run, owner.Step, true)
}

// Begin records that a statement is about to run for the request's run and
// step, Finish that it has run.
func (b Books) Begin(ctx context.Context, q Querier, r StatementReceipt, req providers.Request) error {
	if err := b.exec(ctx, q, `DELETE FROM {statements} WHERE version = $1 AND direction = $2 AND ordinal = $3`,
		int64(r.Version), r.Direction, r.Ordinal); err != nil {
		return fmt.Errorf("write the statement receipt: %w", err)
	}
	if err := b.exec(ctx, q, `INSERT INTO {statements} (version, direction, ordinal, sql_digest, run, step, started_at, finished)
		VALUES ($1, $2, $3, $4, $5, $6, {now}, $7)`,
		int64(r.Version), r.Direction, r.Ordinal, string(r.SQL), req.Run, req.Step.Address, false); err != nil {
		return fmt.Errorf("write the statement receipt: %w", err)
	}
	return nil
}

// Finish records that a statement has run; see Begin.
func (b Books) Finish(ctx context.Context, q Querier, r StatementReceipt) error {
	if err := b.exec(ctx, q, `UPDATE {statements} SET finished = $4 WHERE version = $1 AND direction = $2 AND ordinal = $3`,
		int64(r.Version), r.Direction, r.Ordinal, true); err != nil {
		return fmt.Errorf("write the statement receipt: %w", err)
	}
	return nil
}

// Forget takes the receipt of a statement back that has left nothing.
func (b Books) Forget(ctx context.Context, q Querier, r StatementReceipt) error {
	if err := b.exec(ctx, q, `DELETE FROM {statements} WHERE version = $1 AND direction = $2 AND ordinal = $3`,
		int64(r.Version), r.Direction, r.Ordinal); err != nil {
		return fmt.Errorf("take the statement receipt back: %w", err)
	}
	return nil
}

// digestOf is the digest of one statement's text.
func digestOf(text string) plans.Digest { return plans.DigestOf([]byte(text)) }
