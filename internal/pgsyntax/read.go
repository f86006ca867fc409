// Package pgsyntax reads SQL by PostgreSQL's own grammar. It is the only
// package that knows which build of that grammar is used.
//
// It stands between sqlscan, which knows where statements begin and end, and
// the packages that decide from a statement's tree (pgschema, pgeffect). It is
// pure: what it returns follows from the text alone.
package pgsyntax

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// Statement is one statement of a text.
type Statement struct {
	sqlscan.Statement
	// Tree is nil where the grammar does not know the statement: it is newer
	// than the grammar, or wrong. Then Problem says why.
	Tree    *pg.Node
	Problem *Error

	begin int // where the statement begins, as the locations in Tree count
}

// Error is what the grammar does not take.
type Error struct {
	Line, Column int // in the text, from 1; columns count characters
	Message      string
}

// Read cuts a text into statements and parses each; see Parse. The error is an
// *sqlscan.Error, of text that cannot be cut into statements. Read may be
// called by many at once.
func Read(src []byte) ([]Statement, error) {
	scanned, err := sqlscan.Split(src)
	if err != nil {
		return nil, err
	}
	return Parse(scanned), nil
}

// Parse parses the statements of a text that was cut for PostgreSQL. A
// statement that the grammar refuses has a Problem and no Tree; the others have
// theirs. So it is with commands of psql, and with statements that are nested
// too deep. Parse may be called by many at once.
func Parse(scanned []sqlscan.Statement) []Statement {
	statements := make([]Statement, len(scanned))
	var group []*Statement
	size := 0
	for i, s := range scanned {
		statements[i].Statement = s
		if problem := unfit(s); problem != "" {
			statements[i].refuse(0, problem)
			continue
		}
		if size += len(s.Text); size > atOnce {
			parse(group)
			group, size = nil, len(s.Text)
		}
		group = append(group, &statements[i])
	}
	parse(group)
	return statements
}
