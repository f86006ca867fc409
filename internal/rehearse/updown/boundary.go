package updown

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
	"github.com/lockstep-dev/lockstep/plans"
)

// widened is a column that got another type, with a value near the end of what
// it holds now. New code may write one, and the down file meets it.
type widened struct{ table, column, value string }

func (w widened) String() string { return w.table + "." + w.column }

// widenedBy lists the columns whose type a file changes.
func widenedBy(at stops) []widened {
	var all []widened
	for _, d := range catalog.Compare(at.before, at.after) {
		if d.Kind != catalog.Column || d.Attribute != "type" || widest(d.To) == "" {
			continue
		}
		all = append(all, widened{d.On, strings.TrimPrefix(d.Name, d.On+"."), widest(d.To)})
	}
	return all
}

// ends are values at the end of what a type holds.
func ends() map[string]string {
	return map[string]string{
		"smallint": "32767", "integer": "2147483647", "bigint": "9223372036854775807", "numeric": "1e30",
		"real": "1e30", "double precision": "1e300", "text": "repeat('x', 3000)", "character varying": "repeat('x', 3000)",
		"date": "'5000-12-31'", "timestamp without time zone": "'5000-12-31'", "timestamp with time zone": "'5000-12-31'",
	}
}

var limitedType = regexp.MustCompile(`^(numeric|character varying|character)\((\d+)(?:,(\d+))?\)$`)

// widest is a value at the end of what a type holds, as SQL; empty for a type
// that has no such.
func widest(typ string) string {
	if value := ends()[typ]; value != "" {
		return value
	}
	m := limitedType.FindStringSubmatch(typ)
	if m == nil {
		return ""
	}
	length, _ := strconv.Atoi(m[2])
	scale, _ := strconv.Atoi("0" + m[3])
	if m[1] != "numeric" {
		return fmt.Sprintf("repeat('x', %d)", length)
	}
	return strings.TrimSuffix(strings.Repeat("9", max(1, length-scale))+"."+strings.Repeat("9", scale), ".")
}

// boundary runs the down file on rows that have such values, and says how it
// fails where it works on others.
func (r *rehearsal) boundary(ctx context.Context, down plans.SQLFile, at stops) (found onRows, err error) {
	list := widenedBy(at)
	if len(list) == 0 {
		return found, nil
	}
	found, err = r.try(ctx, trial{down, at.after, list})
	if found.failure != "" {
		found.failure = "the down file works on rows of before and fails on one that new code may write: " + found.failure
	}
	return found, err
}

// widen gives the rows that are there those values. A table that refuses one
// has nothing that new code could write there either.
func widen(ctx context.Context, tx *sql.Tx, list []widened) error {
	for _, w := range list {
		if _, err := tx.ExecContext(ctx, "SAVEPOINT lockstep_widest"); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE "+w.table+" SET "+w.column+" = "+w.value)
		var refused *pq.Error
		switch {
		case errors.As(err, &refused):
			_, err = tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT lockstep_widest")
		case err == nil:
			_, err = tx.ExecContext(ctx, "RELEASE SAVEPOINT lockstep_widest")
		}
		if err != nil {
			return fmt.Errorf("write a wide value to %s: %w", w, err)
		}
	}
	return nil
}
