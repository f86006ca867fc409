package sqlcheck

import "github.com/lockstep-dev/lockstep/internal/sqlscan"

// Dialects whose rules are known.
const (
	postgres = "postgres"
	sqlite   = "sqlite"
	mysql    = "mysql"
)

// knowsLocks reports whether the dialect's locks are among the rules.
func (c Check) knowsLocks() bool { return c.Dialect == postgres || c.Dialect == mysql }

func splitterOf(dialect string) func([]byte) ([]sqlscan.Statement, error) {
	switch dialect {
	case sqlite:
		return sqlscan.SplitSQLite
	case mysql:
		return sqlscan.SplitMySQL
	default:
		return sqlscan.Split
	}
}
