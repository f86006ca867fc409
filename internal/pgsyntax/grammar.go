package pgsyntax

import pg "github.com/pganalyze/pg_query_go/v6"

// GrammarVersion is the major version of PostgreSQL whose grammar is used by
// either build.
const GrammarVersion = 17

// grammar is PostgreSQL's parser, of which there is one in C and the same one
// in WebAssembly. Which is linked is chosen by build constraint.
type grammar interface {
	name() string
	parse(sql string) (*pg.ParseResult, *refusal)
	deparse(tree *pg.ParseResult) (string, error)
}

// refusal is a text that the grammar does not take.
type refusal struct {
	position int // of a character, from 1; 0 when it is not known
	message  string
}

// Build says which build of the grammar is linked: "cgo" or "wasm".
func Build() string { return chosen.name() }
