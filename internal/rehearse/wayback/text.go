package wayback

import (
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// header says on top of a file what it does not bring back.
func header(d Derived, outside bool) string {
	var b strings.Builder
	if outside {
		b.WriteString("-- lockstep:no-transaction\n")
	}
	if d.Grade == plans.GradeStructural {
		b.WriteString("-- Brings the schema back, and not:\n")
		for _, loss := range d.Losses {
			b.WriteString("--   " + strings.Join(strings.Fields(loss), " ") + "\n")
		}
	}
	return b.String()
}

// statementsText writes one statement a line, and a block with lines of its own
// where a statement has several. Outside of a transaction indexes go and come
// as the up file's do, without keeping writers out.
func statementsText(statements []string, outside bool) string {
	var b strings.Builder
	for _, s := range statements {
		s = lines(strings.TrimRight(s, "; \t\r\n"))
		if outside {
			s = concurrently(s)
		}
		b.WriteString(s + ";\n")
	}
	return b.String()
}

func concurrently(s string) string {
	for _, plain := range []string{"DROP INDEX ", "CREATE INDEX ", "CREATE UNIQUE INDEX "} {
		if rest, ok := strings.CutPrefix(s, plain); ok {
			return plain + "CONCURRENTLY " + rest
		}
	}
	return s
}

// lines gives each column of a CREATE TABLE a line.
func lines(s string) string {
	list, err := sqlscan.Split([]byte(s))
	if err != nil || len(list) != 1 || !list[0].Starts("CREATE", "TABLE") && !list[0].Starts("CREATE", "UNLOGGED", "TABLE") {
		return s
	}
	var b strings.Builder
	depth, from, opened := 0, 0, false
	cut := func(at int, indent string) {
		b.WriteString(strings.TrimSpace(s[from:at]) + "\n" + indent)
		from = at
	}
	for _, t := range list[0].Tokens() {
		switch {
		case t.Symbol("("):
			if depth++; depth == 1 && !opened {
				opened = true
				cut(t.Offset+1, "    ")
			}
		case t.Symbol(")"):
			if depth--; depth == 0 {
				cut(t.Offset, "")
				return b.String() + s[from:]
			}
		case t.Symbol(",") && depth == 1:
			cut(t.Offset+1, "    ")
		}
	}
	return s
}
