package sqlite

import (
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// object is what a statement creates or drops.
type object struct {
	verb, kind, name string
	repeatable       bool
}

// subject reads the beginning of a statement.
func subject(statement sqlscan.Statement) object {
	if len(statement.Words) == 0 {
		return object{}
	}
	o := object{verb: statement.Words[0]}
	switch o.verb {
	case "VACUUM", "ANALYZE", "REINDEX", "PRAGMA":
		o.repeatable = true
		return o
	case "CREATE", "DROP":
	default:
		return object{}
	}
	var names []string
	for _, t := range statement.Tokens()[1:] {
		switch {
		case o.kind == "" && (t.Is("TABLE") || t.Is("INDEX") || t.Is("VIEW") || t.Is("TRIGGER")):
			o.kind = strings.ToLower(t.Text)
		case o.kind == "" && t.Kind == sqlscan.Word, len(names) == 0 && (t.Is("IF") || t.Is("NOT") || t.Is("EXISTS")):
		case o.kind != "" && t.Name() != "" && !t.Is("ON") && !t.Is("AS"):
			names = append(names, t.Name())
			continue
		case t.Symbol("."):
			names = names[:0]
			continue
		}
		if len(names) > 0 {
			break
		}
	}
	if len(names) > 0 {
		o.name = names[0]
	}
	return o
}
