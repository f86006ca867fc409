package sqlite

import "github.com/lockstep-dev/lockstep/internal/sqlscan"

// InTransaction: SQLite undoes everything with its transaction but what it
// refuses inside of one.
func (s *session) InTransaction(statement sqlscan.Statement) bool {
	return !statement.OutsideTransaction()
}
