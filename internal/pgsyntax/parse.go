package pgsyntax

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// atOnce bounds the text of one call, in bytes: a tree takes some forty times
// the memory of its text, and WebAssembly does not give memory back.
const atOnce = 256 << 10

// parse parses a group in one call, which costs less than a call for each
// statement. A group with a statement that the grammar refuses is halved until
// that statement stands alone.
func parse(group []*Statement) {
	if len(group) == 0 {
		return
	}
	text, spans := join(group)
	stmts, refused := chosen.parse(text)
	switch {
	case refused == nil && agree(stmts, spans):
		for i, s := range group {
			s.Tree, s.begin = stmts[i].GetStmt(), spans[i].from
		}
	case len(group) > 1:
		parse(group[:len(group)/2])
		parse(group[len(group)/2:])
	case refused != nil:
		group[0].refuse(refused.position-1, refused.message)
	default:
		group[0].refuse(0, fmt.Sprintf("the grammar sees %d statements, expected one", len(stmts)))
	}
}

// span is where a statement stands in the joined text, in bytes.
type span struct{ from, to int }

// join leaves out what stands between statements: comments, rows of COPY and
// commands of psql.
func join(group []*Statement) (string, []span) {
	var text strings.Builder
	spans := make([]span, 0, len(group))
	for i, s := range group {
		if i > 0 {
			text.WriteByte(';')
		}
		from := text.Len()
		text.WriteString(s.Text)
		spans = append(spans, span{from, text.Len()})
	}
	return text.String(), spans
}

// agree reports whether the grammar cuts the text where sqlscan did. A tree is
// never given to a statement that it is not of.
func agree(stmts []*pg.RawStmt, spans []span) bool {
	if len(stmts) != len(spans) {
		return false
	}
	for i, raw := range stmts {
		from, length := int(raw.GetStmtLocation()), int(raw.GetStmtLen())
		if length == 0 { // the last one, to the end of the text
			length = spans[i].to - from
		}
		if from > spans[i].from || from+length != spans[i].to {
			return false
		}
	}
	return true
}
