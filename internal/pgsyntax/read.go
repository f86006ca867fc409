// Package pgsyntax reads SQL by PostgreSQL's own grammar. It is the only
// package that knows which build of that grammar is used.
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
}

// Error is what the grammar does not take.
type Error struct {
	Line, Column int // in the text, from 1; columns count characters
	Message      string
}
