package quarantine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// Refusal says why something cannot be put in quarantine, and what to do.
type Refusal struct{ Reason, Instead string }

// Error returns the reason.
func (r *Refusal) Error() string { return r.Reason }

func refuse(instead, format string, args ...any) error {
	return &Refusal{Reason: fmt.Sprintf(format, args...), Instead: instead}
}

// target is the table or column that is meant.
type target struct {
	oid    int64
	column string // "" for the table
}

const expected = "expected TABLE, SCHEMA.TABLE, TABLE.COLUMN or SCHEMA.TABLE.COLUMN of the schema that the migrations make"

// locate finds what a person has named. Two parts are a table's column or a
// schema's table, whichever there is.
func locate(ctx context.Context, conn *sql.Conn, named string) (target, error) {
	parts := sqlscan.Names(named)
	if len(parts) == 0 || len(parts) > 3 {
		return target{}, refuse(expected, "%s is no name of a table or column", named)
	}
	var found []target
	for _, cut := range []int{len(parts), len(parts) - 1} {
		if cut < 1 || cut > 2 {
			continue
		}
		t, err := look(ctx, conn, parts[:cut], strings.Join(parts[cut:], ""))
		if err != nil {
			return target{}, err
		}
		if t != nil {
			found = append(found, *t)
		}
	}
	switch len(found) {
	case 0:
		return target{}, refuse(expected, "there is no table or column %s", named)
	case 1:
		return found[0], nil
	}
	return target{}, refuse("name the column with its schema: SCHEMA.TABLE.COLUMN", "%s is a table and a column", named)
}

// look returns nil for what is not there.
func look(ctx context.Context, conn *sql.Conn, table []string, column string) (*target, error) {
	t := target{column: column}
	err := conn.QueryRowContext(ctx, `
		SELECT c.oid::bigint FROM pg_catalog.pg_class c
		WHERE c.oid = to_regclass($1) AND ($2 = '' OR EXISTS (
			SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped))`,
		sqlscan.Identifier(table...), column).Scan(&t.oid)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil //nolint:nilnil // the caller asks whether it is there
	case err != nil:
		return nil, err
	}
	return &t, nil
}
