package database

import (
	"strconv"
	"strings"
)

// Promotion is a change that is Next as one statement, which fails instead of
// writing a receipt that is not true: with a NULL in xid when transaction is
// not the one that runs, or when schema_migrations does not say what it said.
//
// It is for databases where WITH can hold an UPDATE. Values stand in the text,
// by literal; transaction is an expression for the running transaction's id.
func (b Books) Promotion(c Change, m Measured, dialect Dialect) string {
	columns, values := row(c.Receipt, m)
	literals := make([]string, len(values))
	for i, v := range values {
		literals[i] = dialect.Literal(v)
		switch columns[i] {
		case "xid":
			literals[i] = "CASE WHEN (SELECT count(*) FROM moved) = 1 AND " + dialect.Transaction + " = " + literals[i] +
				" THEN " + literals[i] + " END"
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
	// Transaction is the running transaction's id, as text.
	Transaction string
	// Duration replaces the measured duration, in milliseconds; it may be
	// empty.
	Duration string
}
