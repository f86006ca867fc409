package sqlcheck

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// warnEnum: a value that ALTER TYPE ... ADD VALUE adds cannot be used before
// its transaction has ended, unless the type was made in it as well.
// Source: PostgreSQL's documentation of ALTER TYPE, Notes; SQLSTATE 55P04.
func (d *direction) warnEnum() {
	if d.check.Dialect != "postgres" || d.header.NoTransaction {
		return
	}
	created := map[string]bool{}
	added := map[string]sqlscan.Statement{}
	for _, s := range d.statements {
		if len(added) > 0 {
			d.warnUses(s, added)
		}
		if s.Starts("CREATE", "TYPE") {
			created[typeName(s)] = true
		}
		if value := addedValue(s); value != "" && !created[typeName(s)] {
			added[value] = s
		}
	}
}

func (d *direction) warnUses(s sqlscan.Statement, added map[string]sqlscan.Statement) {
	for _, t := range s.Tokens() {
		adds, ok := added[t.Text]
		if t.Kind == sqlscan.String && ok {
			d.warnAt(s, "new-enum-value",
				fmt.Sprintf("%s is a value that line %d adds to a type; PostgreSQL refuses to use it in the same transaction", t.Text, adds.Line),
				"put the use into a migration of its own")
		}
	}
}

// typeName is the name behind CREATE TYPE and ALTER TYPE, without its schema.
func typeName(s sqlscan.Statement) string {
	tokens, name := s.Tokens(), ""
	for i := 2; i < len(tokens) && (tokens[i].Name() != "" || tokens[i].Symbol(".")); i++ {
		if tokens[i].Is("AS") || tokens[i].Is("ADD") {
			break
		}
		if !tokens[i].Symbol(".") {
			name = tokens[i].Name()
		}
	}
	return name
}

// addedValue is the literal of ALTER TYPE ... ADD VALUE [IF NOT EXISTS].
func addedValue(s sqlscan.Statement) string {
	if !s.Starts("ALTER", "TYPE") {
		return ""
	}
	value := false
	for _, t := range s.Tokens() {
		if value && t.Kind == sqlscan.String {
			return t.Text
		}
		value = value || t.Is("VALUE")
	}
	return ""
}
