package updown

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// trial is a file that is tried on tables with rows, in a transaction that is
// rolled back. Everything else happens on empty tables: what fails on a row of
// ours says nothing against the file, only which rows it cannot take.
type trial struct {
	file plans.SQLFile
	// schema is the one that the file finds.
	schema catalog.Snapshot
	// wide are values that the rows get before it runs.
	wide []widened
}

// onRows is what a trial found.
type onRows struct {
	// failure is a sentence without what failed; empty when nothing did.
	failure string
	// always is true when any row makes the file fail, whatever is in it.
	always bool
	unseen []string
}

// try puts a row into each table that the file may touch and runs it.
func (r *rehearsal) try(ctx context.Context, t trial) (found onRows, err error) {
	list, together, err := Statements(t.file)
	tables := touched(t.schema, t.file)
	if err != nil || len(tables) == 0 || !slices.ContainsFunc(list, mindsRows) {
		return found, nil //nolint:nilerr // running the file will say so
	}
	if !together || slices.ContainsFunc(list, sqlscan.Statement.EndsTransaction) {
		found.unseen = []string{t.file.Path + ": whether it fails on rows: it does not run in one transaction, which could be rolled back"}
		return found, nil
	}
	say, err := speech(ctx, r.worker, list)
	if err != nil {
		return found, err
	}
	tx, err := r.worker.BeginTx(ctx, nil)
	if err != nil {
		return found, err
	}
	defer func() { err = joined(err, joined(tx.Rollback(), clean(context.WithoutCancel(ctx), r.worker))) }()
	sampled, err := r.fill(ctx, tx, tables, &found)
	if err != nil {
		return found, err
	}
	if err := widen(ctx, tx, t.wide); err != nil {
		return found, err
	}
	for _, s := range list {
		if _, err := tx.ExecContext(ctx, say(s)); err != nil {
			return found, found.explain(t, s.Line, rowsError{err, sampled})
		}
	}
	if _, err := tx.ExecContext(ctx, "SET CONSTRAINTS ALL IMMEDIATE"); err != nil {
		return found, found.explain(t, list[len(list)-1].Line, rowsError{err, sampled})
	}
	return found, nil
}

// mindsRows reports whether a statement can fail for the rows of a table. Of
// ALTER, only what adds or checks something can.
func mindsRows(s sqlscan.Statement) bool {
	for _, begin := range []string{"DROP", "COMMENT", "GRANT", "REVOKE", "SET", "RESET"} {
		if s.Starts(begin) {
			return false
		}
	}
	return !s.Starts("ALTER") || slices.ContainsFunc(s.Tokens(), func(t sqlscan.Token) bool {
		return slices.ContainsFunc([]string{"ADD", "NOT", "TYPE", "VALIDATE", "ATTACH", "LOGGED", "INHERIT"}, t.Is)
	})
}

// forRows reports whether a failure may be for the rows that are there, or are
// not: a constraint, a value, an error that code raises, nothing found, a
// materialized view that nobody has filled. A value that stands in the file
// fails where the server reads it, and says at which character.
// Source: PostgreSQL's manual, appendix "PostgreSQL Error Codes".
func forRows(failure error) bool {
	refused := pq.As(failure)
	if refused == nil {
		return false
	}
	switch string(refused.Code)[:2] {
	case "23", "P0", "02":
		return true
	case "22":
		return refused.Position == ""
	case "55", "0A": // PostgreSQL says "not populated" by two codes
		return strings.Contains(refused.Message, "populated")
	}
	return false
}

// fill gives the tables rows: of the target where there are any to be had, made
// up otherwise.
func (r *rehearsal) fill(ctx context.Context, tx *sql.Tx, tables []string, found *onRows) (sampled bool, err error) {
	if r.bench.Sample != nil {
		taken, unseen, err := r.bench.Sample(ctx, tx, tables)
		if err != nil {
			return false, err
		}
		sampled = taken > 0
		found.unseen = append(found.unseen, unseen...)
	}
	seeded, err := trace.SeedTables(ctx, tx, tables)
	if err != nil {
		return sampled, err
	}
	for _, refused := range seeded.Refused {
		found.unseen = append(found.unseen, fmt.Sprintf("what fails on rows of %s: no row could be made up for it: %s", refused.Table, refused.Reason))
	}
	return sampled, nil
}

// rowsError is what a server says of a statement that works on empty tables.
type rowsError struct {
	error

	sampled bool
}

// explain says which rows a file cannot take. What does not come from rows is
// no failure of the file, which works without them.
func (f *onRows) explain(t trial, line int, failure rowsError) error {
	refused := pq.As(failure.error)
	if refused == nil {
		return failure.error
	}
	code := string(refused.Code)
	at := fmt.Sprintf("%s:%d: ", t.file.Path, line)
	if failure.sampled && code == foreignKeyViolation {
		f.unseen = append(f.unseen, at+"whether rows break a foreign key: sampled rows lack the rows that they refer to")
		return nil
	}
	if !slices.Contains([]string{"22", "23", "P0"}, code[:2]) {
		f.unseen = append(f.unseen, at+"whether it fails on rows: "+refused.Message)
		return nil
	}
	message := refused.Message
	if failure.sampled && code[:2] != "23" { // it may spell a value of the target's
		message = strings.ReplaceAll(refused.Code.Name(), "_", " ") + " (SQLSTATE " + code + ")"
	}
	f.failure = at + message
	if reason := f.which(t.schema, refused); reason != "" {
		f.failure += "; " + reason
	}
	return nil
}

// Source: PostgreSQL's manual, appendix "PostgreSQL Error Codes".
const (
	notNullViolation    = "23502"
	foreignKeyViolation = "23503"
	checkViolation      = "23514"
)

func (f *onRows) which(schema catalog.Snapshot, refused *pq.Error) string {
	if refused.Table == "" {
		return ""
	}
	table, _ := spelled(schema, catalog.Table, refused.Schema, refused.Table)
	_, known := spelled(schema, catalog.Column, refused.Schema, refused.Table, refused.Column)
	switch {
	case refused.Code == notNullViolation && !known:
		f.always = true
		return fmt.Sprintf("it fails as soon as %s has a row", table)
	case refused.Code == notNullViolation:
		return fmt.Sprintf("it fails when a row of %s has NULL in %s", table, refused.Column)
	case refused.Code == checkViolation:
		return fmt.Sprintf("it fails when a row of %s breaks %s", table, refused.Constraint)
	case refused.Code == foreignKeyViolation:
		return fmt.Sprintf("it fails when a row of %s refers by %s to a row that is not there", table, refused.Constraint)
	}
	return ""
}
