package planning

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"

	_ "modernc.org/sqlite" // the projects' own database

	"github.com/lockstep-dev/lockstep/internal/journal"
)

const pendingBehindApplied = 5

// projectOfApplied has one migration that Lockstep applied, and receipts made
// after its example for all others but five.
func projectOfApplied(b bench, dir string, size int) error {
	if err := applyOne(b, dir); err != nil {
		return err
	}
	if err := receipts(filepath.Join(dir, "main.db"), size-pendingBehindApplied); err != nil {
		return err
	}
	return migrations(dir, 2, size)
}

// applyOne makes a project with one migration, and applies it.
func applyOne(b bench, dir string) error {
	if err := projectOfPending(b, dir, 1); err != nil {
		return err
	}
	_, _, err := b.process(dir, []string{"apply", "all", "--env", "dev", "--auto-approve"})
	return err
}

// receipts says that every version up to the last was applied as the first.
func receipts(file string, last int) (err error) {
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // without effect after the commit
	// The whole row is copied, whatever other columns it has.
	if _, err := tx.ExecContext(ctx, `CREATE TEMP TABLE example AS SELECT * FROM lockstep_history WHERE version = 1`); err != nil {
		return err
	}
	for version := 2; version <= last; version++ {
		if _, err := tx.ExecContext(ctx, `UPDATE example SET version = ?1, name = ?2, up_digest = ?3, down_digest = ?4, down_sql = ?5, canonical_digest = ''`,
			version, fmt.Sprintf("orders_%d", version), digest(up(version)), digest(down(version)), down(version)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO lockstep_history SELECT * FROM example`); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE schema_migrations SET version = ?1`, last); err != nil {
		return err
	}
	return tx.Commit()
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// projectOfRuns has one real run, and as many copies of it as make the size.
func projectOfRuns(b bench, dir string, size int) error {
	if err := applyOne(b, dir); err != nil {
		return err
	}
	store, err := journal.OpenStore(filepath.Join(dir, ".lockstep"))
	if err != nil {
		return err
	}
	records, err := store.Read("r-0001")
	if err != nil {
		return err
	}
	run, err := journal.Replay(records)
	if err != nil {
		return err
	}
	for range size - 1 {
		if err := again(store, run, records[1:]); err != nil {
			return err
		}
	}
	return nil
}

// again journals a run once more.
func again(store *journal.Store, run journal.Run, records []journal.Record) (err error) {
	w, err := store.Create(journal.Header{
		ChangeSet: run.ChangeSet, Environment: run.Environment, Plan: run.Plan, Content: run.Content,
		Tool: run.Tool, Actor: run.Actor,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	for _, r := range records {
		if _, err := w.Append(journal.Entry{Kind: r.Kind, Step: r.Step, Attempt: r.Attempt, Data: r.Data}); err != nil {
			return err
		}
	}
	return nil
}
