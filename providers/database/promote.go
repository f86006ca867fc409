package database

import (
	"cmp"
	"strconv"
	"strings"
)

// Promotion is a change that is Next as one statement, which fails instead of
// writing a receipt that is not true: with a NULL in xid when the
// transaction is not the one in which the file began, or when schema_migrations does not say what it said.
//
// It is for databases where WITH can hold an UPDATE. Values stand in the text,
// by literal.
func (b Books) Promotion(c Change, m Measured, dialect Dialect) string {
	columns, values := row(c.Receipt, m)
	literals := make([]string, len(values))
	for i, v := range values {
		literals[i] = dialect.Literal(v)
		switch columns[i] {
		case "xid":
			began := cmp.Or(dialect.Began, literals[i])
			literals[i] = "CASE WHEN (SELECT count(*) FROM moved) = 1 AND " + dialect.Transaction + " = " + began + " THEN " + began + " END"
		case "duration_ms":
			if dialect.Duration != "" {
				literals[i] = dialect.Duration
			}
		}
	}
	return b.query(`WITH moved AS (UPDATE {versions} SET version = `+strconv.FormatUint(c.Version, 10)+
		` WHERE version = `+strconv.FormatUint(c.Before, 10)+` AND NOT dirty RETURNING 1) INSERT INTO {history} (`) +
		strings.Join(columns, ", ") + `, applied_at) SELECT ` + strings.Join(literals, ", ") + b.query(`, {now}`)
}

// Dialect is how values and the running transaction are spelled.
type Dialect struct {
	Literal func(any) string
	// Transaction is the running transaction's id, as text; Began is that of
	// the one in which the file began, or empty where it was measured.
	Transaction, Began string
	// Duration replaces the measured duration, in milliseconds; it may be
	// empty.
	Duration string
}
