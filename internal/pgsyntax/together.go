package pgsyntax

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// readTogether parses all statements in one call, which costs less than a call
// for each. It reports false, and changes nothing, when the grammar refuses
// one of them or does not see the same statements.
func readTogether(statements []Statement) bool {
	text, bases := join(statements)
	result, refused := chosen.parse(text)
	if refused != nil || len(result.Stmts) != len(bases) {
		return false
	}
	for i, raw := range result.Stmts {
		if !covers(raw, bases[i]) {
			return false
		}
	}
	next := 0
	for i := range statements {
		s := &statements[i]
		if isCommand(*s) {
			s.refuse(0, commandProblem)
			continue
		}
		s.Tree, s.base = result.Stmts[next].Stmt, s.Offset-bases[next].from
		next++
	}
	return true
}

// span is where a statement stands in the joined text, in bytes.
type span struct{ from, to int }

// join leaves out what stands between statements: rows of COPY and commands of
// psql are not SQL. A line break before the semicolon ends a comment.
func join(statements []Statement) (string, []span) {
	var text strings.Builder
	spans := make([]span, 0, len(statements))
	for _, s := range statements {
		if isCommand(s) {
			continue
		}
		from := text.Len()
		text.WriteString(s.Text)
		spans = append(spans, span{from, text.Len()})
		text.WriteString("\n;")
	}
	return text.String(), spans
}

func covers(raw *pg.RawStmt, s span) bool {
	from := int(raw.StmtLocation)
	return from <= s.from && s.to <= from+int(raw.StmtLen)
}
