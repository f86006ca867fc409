//go:build cgo

package pgsyntax

import (
	"errors"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pganalyze/pg_query_go/v6/parser"
)

const chosen = cgo("cgo")

// cgo is PostgreSQL's parser in C. It keeps its state by thread.
type cgo string

var _ grammar = chosen

func (c cgo) name() string { return string(c) }

func (cgo) parse(sql string) (*pg.ParseResult, *refusal) {
	tree, err := pg.Parse(sql)
	if err == nil {
		return tree, nil
	}
	if e := (*parser.Error)(nil); errors.As(err, &e) {
		return nil, &refusal{position: e.Cursorpos, message: e.Message}
	}
	return nil, &refusal{message: err.Error()}
}

func (cgo) deparse(tree *pg.ParseResult) (string, error) { return pg.Deparse(tree) }
