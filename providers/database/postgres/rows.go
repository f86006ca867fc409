package postgres

import (
	"context"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// execute runs the file and returns how many rows it changed. The server's
// answer to a text of several statements counts the last one alone, so a file
// that changes rows goes over one statement at a time; the transaction is the
// same. So does a single statement, because an error without a position is then
// at its line.
func (t *transaction) execute(ctx context.Context) (rows int64, err error) {
	if len(t.work.Statements) > 1 && !changesRows(t.work.Statements) {
		if _, err := t.ExecContext(ctx, string(t.work.SQL)); err != nil {
			return 0, describe(err, t.work.File, string(t.work.SQL), 1)
		}
		return 0, nil
	}
	for _, s := range t.work.Statements {
		result, err := t.ExecContext(ctx, s.Text)
		if err != nil {
			return rows, describe(err, t.work.File, s.Text, s.Line)
		}
		n, err := result.RowsAffected()
		if err == nil && countsAsChange(s) {
			rows += n
		}
	}
	return rows, nil
}

func changesRows(statements []sqlscan.Statement) bool {
	for _, s := range statements {
		if countsAsChange(s) {
			return true
		}
	}
	return false
}

// countsAsChange: the row count of SELECT is of rows read, CREATE TABLE AS is
// counted by the server.
func countsAsChange(s sqlscan.Statement) bool {
	if len(s.Words) == 0 {
		return false
	}
	switch s.Words[0] {
	case "INSERT", "UPDATE", "DELETE", "MERGE":
		return true
	case "WITH":
		return slices.ContainsFunc(s.Tokens(), func(t sqlscan.Token) bool {
			return t.Is("INSERT") || t.Is("UPDATE") || t.Is("DELETE") || t.Is("MERGE")
		})
	default:
		return false
	}
}
