//go:build cgo

package pgsyntax

import (
	"errors"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pganalyze/pg_query_go/v6/parser"
)

var chosen grammar = compiled{}

// compiled is PostgreSQL's parser in C. It keeps its state by thread, so that
// many may use it at once.
type compiled struct{}

func (compiled) name() string { return "cgo" }

func (compiled) parse(sql string) ([]*pg.RawStmt, *refusal) {
	result, err := pg.Parse(sql)
	if err == nil {
		return result.GetStmts(), nil
	}
	if e := (*parser.Error)(nil); errors.As(err, &e) {
		return nil, &refusal{position: e.Cursorpos, message: e.Message}
	}
	return nil, &refusal{message: err.Error()}
}

func (compiled) deparse(tree *pg.ParseResult) (string, error) { return pg.Deparse(tree) }
