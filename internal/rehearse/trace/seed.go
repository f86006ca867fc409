package trace

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"
)

// attempts is how many rows are tried of a table that refuses them.
const attempts = 12

// Seeded is what Seed did.
type Seeded struct {
	Tables  []string  // have one row now, in the order in which they got it
	Refused []Refusal // have none
}

// Refusal is a table that took no row, and why.
type Refusal struct{ Table, Reason string }

const lacksParent = "its foreign keys need a row of "

// LacksParent reports whether a table took no row for another that has none.
func LacksParent(reason string) bool { return strings.HasPrefix(reason, lacksParent) }

// Seed puts one row into every empty table, so that a statement that fails on
// data fails: ADD COLUMN NOT NULL without a default, SET NOT NULL, a foreign
// key without parents, a cast. A column that may be NULL is NULL, one with a
// default has it, and the others get a value of their type, which differs from
// table to table; where a CHECK or a partition's bound names values, those are
// tried. A table that takes no row is no failure.
//
// Locks, rewrites and scans are better measured before: a statement that fails
// has none, and it may fail here on a row that the real table does not have.
//
// It runs in one transaction of its own and fires the tables' triggers.
func Seed(ctx context.Context, conn *sql.Conn, opts Options) (seeded Seeded, err error) {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return Seeded{}, fmt.Errorf("seed tables: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("seed tables: %w", err), tx.Rollback())
		}
	}()
	tables, err := readSeedbeds(ctx, tx)
	if err != nil {
		return Seeded{}, err
	}
	tables = slices.DeleteFunc(tables, func(b *seedbed) bool { return slices.Contains(opts.Ignore, b.name) })
	if seeded, err = sow(ctx, tx, tables); err != nil {
		return Seeded{}, err
	}
	return seeded, tx.Commit()
}

// sow fills the tables in the order that their foreign keys ask for. What is
// left waits for itself.
func sow(ctx context.Context, tx *sql.Tx, tables []*seedbed) (Seeded, error) {
	var done Seeded
	filled := map[int64]bool{}
	for _, b := range tables {
		if b.filled {
			b.mark(filled)
		}
	}
	waiting := slices.DeleteFunc(slices.Clone(tables), func(b *seedbed) bool { return b.filled })
	for progress := true; progress; {
		progress = false
		var later []*seedbed
		for _, b := range waiting {
			if !b.ready(filled) {
				later = append(later, b)
				continue
			}
			progress = true
			reason, err := b.fill(ctx, tx)
			switch {
			case err != nil:
				return Seeded{}, err
			case reason != "":
				done.Refused = append(done.Refused, Refusal{b.name, reason})
			default:
				b.mark(filled)
				done.Tables = append(done.Tables, b.name)
			}
		}
		waiting = later
	}
	for _, b := range waiting {
		done.Refused = append(done.Refused, Refusal{b.name, lacksParent + strings.Join(b.missing(filled), ", ") + ", which is in a cycle or has no row"})
	}
	return done, nil
}

// mark notes that the table has a row.
func (b *seedbed) mark(filled map[int64]bool) {
	for _, oid := range append(b.ancestors, b.oid) {
		filled[oid] = true
	}
}

// fill tries rows until the table takes one. The reason is the server's, of the
// first row that it refused.
func (b *seedbed) fill(ctx context.Context, tx *sql.Tx) (reason string, err error) {
	for attempt := range attempts {
		// Deferred constraints are checked at once, while it is known whose row it was.
		refused, err := try(ctx, tx, b.insert(attempt)+"; SET CONSTRAINTS ALL IMMEDIATE")
		if err != nil || refused == "" {
			return "", err
		}
		if attempt > 0 {
			continue
		}
		reason = refused
		if err := b.sift(ctx, tx); err != nil {
			return "", err
		}
	}
	return reason, nil
}

// sift keeps the values that the columns' types take.
func (b *seedbed) sift(ctx context.Context, tx *sql.Tx) error {
	for i, c := range b.columns {
		var taken []string
		for _, value := range c.values {
			refused, err := try(ctx, tx, "SELECT "+c.cast(value))
			if err != nil {
				return err
			}
			if refused == "" {
				taken = append(taken, value)
			}
		}
		if len(taken) > 0 {
			b.columns[i].values = taken
		}
	}
	return nil
}

// try runs a statement and undoes it if the server refuses, and says why it did.
func try(ctx context.Context, tx *sql.Tx, statement string) (refused string, err error) {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT seed"); err != nil {
		return "", err
	}
	var answer *pq.Error
	switch _, err := tx.ExecContext(ctx, statement); {
	case err == nil:
		_, err := tx.ExecContext(ctx, "RELEASE SAVEPOINT seed")
		return "", err
	case !errors.As(err, &answer):
		return "", err
	}
	_, err = tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT seed")
	return answer.Message, err
}

// insert is the row of an attempt.
func (b *seedbed) insert(attempt int) string {
	var names, values []string
	for _, c := range b.columns {
		if value := c.value(b, attempt); value != "" {
			names, values = append(names, c.name), append(values, value)
		}
	}
	if len(names) == 0 {
		return "INSERT INTO " + b.name + " DEFAULT VALUES"
	}
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s", b.name, strings.Join(names, ", "), strings.Join(values, ", "))
}
