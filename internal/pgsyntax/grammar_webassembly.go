//go:build !cgo

package pgsyntax

import (
	"errors"
	"sync"

	pg "github.com/pganalyze/pg_query_go/v6"
	query "github.com/wasilibs/go-pgquery"
	"github.com/wasilibs/go-pgquery/parser"
)

var chosen grammar = &module{}

// module is PostgreSQL's parser in WebAssembly. The first call compiles it,
// which takes seconds; there is no work before that.
//
// The library keeps one module for each call at the same time, and compiles
// each anew. Calls therefore wait for one another.
type module struct {
	mu sync.Mutex
	// broken is set when the module stopped in the middle of a call. The
	// library would use it again, and what it reads then may be wrong.
	broken bool
}

const brokenDown = "the grammar broke down on an earlier statement and is not used any more; " +
	"start again, or use a build with cgo"

func (*module) name() string { return "wasm" }

func (m *module) parse(sql string) ([]*pg.RawStmt, *refusal) {
	return unpack(m.encoded(sql))
}

func (m *module) encoded(sql string) (tree []byte, err error) {
	err = m.call(func() (err error) {
		tree, err = parser.ParseToProtobuf(sql)
		return err
	})
	return tree, err
}

func (m *module) deparse(tree *pg.ParseResult) (text string, err error) {
	err = m.call(func() (err error) {
		text, err = query.Deparse(tree)
		return err
	})
	return text, err
}

func (m *module) call(f func() error) (err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken {
		return errors.New(brokenDown)
	}
	defer func() {
		if recover() != nil {
			m.broken = true
			err = errors.New("the grammar broke down on this statement")
		}
	}()
	return f()
}

// positionOf is where in the text the error is, in characters from 1.
func positionOf(err error) int {
	if e := (*parser.Error)(nil); errors.As(err, &e) {
		return e.Cursorpos
	}
	return 0
}
