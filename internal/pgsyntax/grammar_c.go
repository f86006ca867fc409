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
	return unpack(parser.ParseToProtobuf(sql))
}

func (compiled) deparse(tree *pg.ParseResult) (string, error) { return pg.Deparse(tree) }

// positionOf is where in the text the error is, in characters from 1.
func positionOf(err error) int {
	if e := (*parser.Error)(nil); errors.As(err, &e) {
		return e.Cursorpos
	}
	return 0
}
