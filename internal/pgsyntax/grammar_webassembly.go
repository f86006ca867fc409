//go:build !cgo

package pgsyntax

import (
	"errors"

	pg "github.com/pganalyze/pg_query_go/v6"
	query "github.com/wasilibs/go-pgquery"
	"github.com/wasilibs/go-pgquery/parser"
)

const chosen = wasm("wasm")

// wasm is PostgreSQL's parser in WebAssembly, which is compiled at its first
// use.
type wasm string

var _ grammar = chosen

func (w wasm) name() string { return string(w) }

func (wasm) parse(sql string) (*pg.ParseResult, *refusal) {
	tree, err := query.Parse(sql)
	if err == nil {
		return tree, nil
	}
	if e := (*parser.Error)(nil); errors.As(err, &e) {
		return nil, &refusal{position: e.Cursorpos, message: e.Message}
	}
	return nil, &refusal{message: err.Error()}
}

func (wasm) deparse(tree *pg.ParseResult) (string, error) { return query.Deparse(tree) }
