package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers"
)

// Transactional is a session whose transactions can hold a statement of a file
// in statement mode together with its receipt. Then nobody ever has to ask
// whether the statement ended.
type Transactional interface {
	// InTransaction reports whether the database may take the statement in a
	// transaction, and undoes it with one.
	InTransaction(statement sqlscan.Statement) bool
}

// together runs a statement and its receipt in one transaction. It reports
// false, and has changed nothing, where the database wants the statement
// outside of one.
func (t *task) together(ctx context.Context, s Session, st turn) (m Measured, done bool, err error) {
	if d, ok := s.(Transactional); !ok || !d.InTransaction(st.Statement.Statement) {
		return Measured{}, false, nil
	}
	work := Work{
		File: st.File, Statements: append(slices.Clone(st.Settings), st.Statement.Statement), Locks: st.Locks,
		Change: Change{Direction: st.receipt.Direction, Statement: &st.receipt, Receipt: t.owner()},
	}
	work.SQL = inPlace(work.Statements)
	m, err = s.Transact(ctx, work)
	if wantsOutside(err) {
		return Measured{}, false, nil
	}
	return m, true, err
}

// inPlace puts statements at the lines that they have in their file, so that
// an error names the place there.
func inPlace(statements []sqlscan.Statement) []byte {
	var text strings.Builder
	line := 1
	for _, s := range statements {
		text.WriteString(strings.Repeat("\n", max(s.Line-line, 0)) + s.Text + ";")
		line = max(s.Line, line) + strings.Count(s.Text, "\n")
	}
	return []byte(text.String())
}

// owner is the receipt that says whose statement it is.
func (t *task) owner() Receipt {
	return Receipt{Version: t.version, Run: t.request.Run, Step: t.request.Step.Address}
}

// wantsOutside: active_sql_transaction of a command that is not known to need
// it, and invalid_transaction_termination of a procedure that commits.
func wantsOutside(err error) bool {
	e, ok := errors.AsType[*SQLError](err)
	return ok && (e.Code == "SQLSTATE 25001" || e.Code == "SQLSTATE 2D000")
}

// certain refuses to take back what nobody can know to be there, before it
// takes anything back: a statement that changes rows, in the down file of a
// file that was not finished.
func certain(work Work) error {
	for _, s := range work.Statements {
		if changesData(s) {
			return fmt.Errorf("%w: %s:%d changes rows, and the up file was not finished: nobody can tell whether there is something to take back; lockstep resume completes the up file",
				providers.ErrIrreversible, work.File, s.Line)
		}
	}
	return nil
}

func changesData(s sqlscan.Statement) bool {
	return len(s.Words) > 0 && slices.Contains(
		[]string{"INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "COPY", "TRUNCATE", "CALL", "DO", "SELECT"}, s.Words[0])
}

// half reports whether a down file takes back a file that was not finished.
// Where every statement has its receipt, the file's record alone is missing.
func (t *task) half(work Work, state State) (bool, error) {
	if _, applied := state.receipt(t.version); applied || work.Change.Direction == Up {
		return false, nil
	}
	text, file, err := t.input(Up, t.migration.Up)
	if err != nil {
		return false, err
	}
	statements, err := t.provider.driver.Split(text)
	if err != nil {
		return false, fmt.Errorf("%s:%w", file, err)
	}
	receipts := state.statements(t.version, Up)
	for i, statement := range statements {
		if r := find(receipts, i); (r == nil || !r.Finished) && !statement.SetsSession() {
			return true, certain(work)
		}
	}
	return false, nil
}
