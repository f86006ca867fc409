package sqlcheck

import (
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Dialects whose rules are known.
const (
	postgres = "postgres"
	sqlite   = "sqlite"
	mysql    = "mysql"
)

// knowsLocks reports whether the dialect's locks are among the rules.
func (c Check) knowsLocks() bool { return c.Dialect == mysql }

// foreign: the rules that are common to all of SQL count, and the driver gets
// the file as a whole.
func (c Check) foreign() bool { return Foreign(c.Dialect) }

// Foreign reports whether nothing is known of a dialect: golang-migrate's own
// driver reaches it, and keeps a version number alone.
func Foreign(dialect string) bool {
	return dialect != postgres && dialect != sqlite && dialect != mysql
}

// whole is the file as one statement whose parts are not known.
func (d *direction) whole() []sqlscan.Statement {
	d.report(plans.Finding{
		Code: "unreadable-statement", Severity: plans.SeverityWarning, Line: 1,
		Summary: "the file cannot be read as SQL; that it breaks nothing and loses nothing is assumed",
		Fix:     `say what it does: "-- lockstep:phase expand REASON" (or contract)`,
	})
	return []sqlscan.Statement{{Text: string(d.file.Bytes), Line: 1, Column: 1}}
}

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
