package budget

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Loses says, by the words of a statement, that it takes rows or values away
// which nothing in the database can bring back. Code (DO, CALL) may do so
// unseen.
func Loses(st plans.Statement) bool {
	statements, err := sqlscan.Split([]byte(st.SQL))
	if err != nil || len(statements) != 1 {
		return false
	}
	s := statements[0]
	switch {
	case s.Starts("DROP", "TABLE"), s.Starts("DROP", "SCHEMA"), s.Starts("DROP", "DATABASE"), s.Starts("DROP", "OWNED"),
		s.Starts("TRUNCATE"), s.Starts("DELETE"):
		return true
	case s.Starts("ALTER", "TABLE"), s.Starts("ALTER", "TYPE"), s.Starts("ALTER", "FOREIGN", "TABLE"):
		return dropsColumn(s.Tokens())
	}
	return false
}

// dropsColumn finds DROP [COLUMN | ATTRIBUTE] name: COLUMN may be left out,
// and other things that ALTER TABLE drops have words of their own.
// Source: https://www.postgresql.org/docs/current/sql-altertable.html
func dropsColumn(tokens []sqlscan.Token) bool {
	others := []string{"CONSTRAINT", "DEFAULT", "NOT", "EXPRESSION", "IDENTITY"}
	for i, t := range tokens {
		if !t.Is("DROP") || i+1 == len(tokens) {
			continue
		}
		if next := tokens[i+1]; !slices.ContainsFunc(others, next.Is) && !next.Symbol(",") && !next.Symbol(")") {
			return true
		}
	}
	return false
}
