package database

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"
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
	return b.promotion(columns, dialect, blanks{
		version: strconv.FormatUint(c.Version, 10), before: strconv.FormatUint(c.Before, 10),
		value: func(i int) string { return dialect.Literal(values[i]) },
	})
}

// promotionName is the prepared statement's.
const promotionName = "lockstep_promotion"

// PreparePromotion has the server read and plan Promotion once for many files.
// What the dialect computes is no parameter.
func (b Books) PreparePromotion(dialect Dialect) string {
	columns, values := row(Receipt{}, Measured{})
	types := []string{"bigint", "bigint"}
	places := make([]string, len(columns))
	for i := range columns {
		if !dialect.computes(columns[i]) {
			types = append(types, sqlType(values[i]))
			places[i] = "$" + strconv.Itoa(len(types))
		}
	}
	return fmt.Sprintf("PREPARE %s (%s) AS %s", promotionName, strings.Join(types, ", "),
		b.promotion(columns, dialect, blanks{version: "$1", before: "$2", value: func(i int) string { return places[i] }}))
}

// ExecutePromotion is Promotion for a connection that has it prepared.
func (b Books) ExecutePromotion(c Change, m Measured, dialect Dialect) string {
	columns, values := row(c.Receipt, m)
	given := []string{strconv.FormatUint(c.Version, 10), strconv.FormatUint(c.Before, 10)}
	for i, v := range values {
		if !dialect.computes(columns[i]) {
			given = append(given, dialect.Literal(v))
		}
	}
	return "EXECUTE " + promotionName + " (" + strings.Join(given, ", ") + ")"
}

// blanks is what differs between two promotions: values, or the parameters
// that stand for them.
type blanks struct {
	version, before string
	value           func(column int) string
}

func (b Books) promotion(columns []string, dialect Dialect, fill blanks) string {
	values := make([]string, len(columns))
	for i, column := range columns {
		values[i] = fill.value(i)
		switch column {
		case "xid":
			began := cmp.Or(dialect.Began, values[i])
			values[i] = "CASE WHEN (SELECT count(*) FROM moved) = 1 AND " + dialect.Transaction + " = " + began + " THEN " + began + " END"
		case "duration_ms":
			values[i] = cmp.Or(dialect.Duration, values[i])
		}
	}
	return b.query(`WITH moved AS (UPDATE {versions} SET version = `) + fill.version +
		` WHERE version = ` + fill.before + b.query(` AND NOT dirty RETURNING 1) INSERT INTO {history} (`) +
		strings.Join(columns, ", ") + `, applied_at) SELECT ` + strings.Join(values, ", ") + b.query(`, {now}`)
}

// sqlType is the type of a column of the history, by what is written there.
func sqlType(value any) string {
	switch value.(type) {
	case string:
		return "text"
	case bool:
		return "boolean"
	case int, int64, sql.NullInt64:
		return "bigint"
	default:
		panic(fmt.Sprintf("a receipt has a value of type %T", value))
	}
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

// computes reports whether the server is to find a column's value.
func (d Dialect) computes(column string) bool {
	return slices.Contains([]string{"xid", "duration_ms"}, column) && d.Began != "" && d.Duration != ""
}
