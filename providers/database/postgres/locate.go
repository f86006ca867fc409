package postgres

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// locate finds the statement that an error without a position is about. Most
// errors of the catalog have none ("column ... already exists"), and a text of
// several statements goes over as one. It returns a line where there is no
// doubt, else what can be said.
func locate(e *pq.Error, text string, firstLine int) (line int, place string) {
	statements, err := sqlscan.Split([]byte(text))
	switch {
	case err != nil || len(statements) == 0:
		return firstLine, ""
	case len(statements) == 1:
		return firstLine + statements[0].Line - 1, ""
	}
	if e.Code == "2D000" { // nothing else calls what commits
		if called := only(statements, func(s sqlscan.Statement) bool { return s.Starts("CALL") || s.Starts("DO") }); len(called) == 1 {
			return firstLine + called[0].Line - 1, ""
		}
	}
	if named := namers(e, statements); len(named) == 1 {
		return 0, fmt.Sprintf("most likely line %d: of the file's %d statements it alone names what the server names",
			firstLine+named[0].Line-1, len(statements))
	}
	return 0, fmt.Sprintf("in one of the file's %d statements: the server does not say in which", len(statements))
}

// namers are the statements in which everything occurs that the error names.
func namers(e *pq.Error, statements []sqlscan.Statement) []sqlscan.Statement {
	names := []string{e.Table, e.Column, e.Constraint, e.DataTypeName}
	for _, m := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(e.Message, -1) {
		names = append(names, strings.Split(m[1], ".")...)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" })
	if len(names) == 0 {
		return nil
	}
	return only(statements, func(s sqlscan.Statement) bool {
		tokens := s.Tokens()
		return !slices.ContainsFunc(names, func(name string) bool { return !occurs(name, tokens) })
	})
}

func only(statements []sqlscan.Statement, keep func(sqlscan.Statement) bool) (kept []sqlscan.Statement) {
	for _, s := range statements {
		if keep(s) {
			kept = append(kept, s)
		}
	}
	return kept
}

func occurs(name string, tokens []sqlscan.Token) bool {
	return slices.ContainsFunc(tokens, func(t sqlscan.Token) bool {
		return t.Name() == name || t.Kind == sqlscan.String && strings.Contains(t.Text, name)
	})
}

// advice says what to do about an error of which the server does not.
func advice(e *pq.Error) string {
	const alone = `put "-- lockstep:no-transaction" on the file's first line: it then runs one statement at a time, with a receipt for each`
	switch {
	case e.Code == "25001" && strings.HasPrefix(e.Routine, "PreventInTransactionBlock"):
		return alone
	case e.Code == "2D000":
		return "what is called here commits by itself; " + alone
	default:
		return ""
	}
}
