package pgschema

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// Mentions is what an expression or a query names.
type Mentions struct {
	Relations []Name // without the query's own WITH names
	Columns   []string
	// Everything is true when a star stands for columns.
	Everything bool
	Functions  []*pg.FuncCall
	// Queries counts the SELECTs in it.
	Queries int
}

// MentionsOf collects what a tree names, each relation and column once, in
// the order of the text.
func MentionsOf(m proto.Message) Mentions {
	var found Mentions
	own := map[string]bool{}
	Walk(m, func(part proto.Message) {
		switch p := part.(type) {
		case *pg.CommonTableExpr:
			own[p.GetCtename()] = true
		case *pg.RangeVar:
			found.Relations = append(found.Relations, Name{p.GetSchemaname(), p.GetRelname()})
		case *pg.ColumnRef:
			found.column(p)
		case *pg.FuncCall:
			found.Functions = append(found.Functions, p)
		case *pg.SelectStmt:
			found.Queries++
		}
	})
	found.Relations = resolve(found.Relations, own)
	return found
}

func (m *Mentions) column(c *pg.ColumnRef) {
	last := c.GetFields()[max(0, len(c.GetFields())-1):]
	if len(last) == 1 && last[0].GetAStar() != nil {
		m.Everything = true
	}
	if name := Strings(last); len(name) == 1 && !slices.Contains(m.Columns, name[0]) {
		m.Columns = append(m.Columns, name[0])
	}
}

func resolve(written []Name, own map[string]bool) []Name {
	var all []Name
	for _, n := range written {
		if n.Schema == "" && own[n.Local] {
			continue
		}
		if n = qualified(n.Schema, n.Local); !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

// Walk visits a message and everything below it, in the order of the
// grammar's fields: what is found does not depend on the run.
func Walk(m proto.Message, visit func(proto.Message)) { pgsyntax.Walk(m, visit) }
