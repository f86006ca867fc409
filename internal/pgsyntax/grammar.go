package pgsyntax

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

// treeVersion is the version of PostgreSQL whose trees both builds read and
// write, as in server_version_num.
const treeVersion = 170007

// GrammarVersion is the major version of PostgreSQL whose grammar both builds
// have.
const GrammarVersion = treeVersion / 10000

// grammar is PostgreSQL's parser, in C or in WebAssembly. A build constraint
// chooses which is linked.
type grammar interface {
	name() string
	// parse returns the statements of a text in their order.
	parse(sql string) ([]*pg.RawStmt, *refusal)
	deparse(tree *pg.ParseResult) (string, error)
}

// refusal is a text that the grammar does not take.
type refusal struct {
	position int // of a character, from 1; 0 when it is not known
	message  string
}

// Build says which build of the grammar is linked: "cgo" or "wasm".
func Build() string { return chosen.name() }

// unpack reads what a build's parser returns. It is done outside of the time that
// a call has the parser in WebAssembly for itself.
func unpack(encoded []byte, err error) ([]*pg.RawStmt, *refusal) {
	if err != nil {
		return nil, &refusal{position: positionOf(err), message: err.Error()}
	}
	var result pg.ParseResult
	if err := proto.Unmarshal(encoded, &result); err != nil {
		return nil, &refusal{message: err.Error()}
	}
	return result.GetStmts(), nil
}
