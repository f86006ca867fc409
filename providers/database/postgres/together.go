package postgres

import "github.com/lockstep-dev/lockstep/internal/sqlscan"

// InTransaction: PostgreSQL undoes everything with its transaction but what it
// refuses inside of one. A procedure that commits says so when it is tried.
func (s *session) InTransaction(statement sqlscan.Statement) bool {
	return !statement.OutsideTransaction()
}
