package pgschema

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

func (s *Schema) createSequence(c *pg.CreateSeqStmt) string {
	name := NameOf(c.GetSequence())
	if s.Has(name) {
		return taken(name, c.GetIfNotExists())
	}
	s.Sequences[name] = &Sequence{Name: name, Options: c.GetOptions()}
	return s.ownSequence(name, c.GetOptions())
}

func (s *Schema) alterSequence(a *pg.AlterSeqStmt) string {
	name := NameOf(a.GetSequence())
	if q := s.Sequences[name]; q != nil {
		q.Options = append(slices.Clip(q.Options), a.GetOptions()...)
	}
	return s.ownSequence(name, a.GetOptions())
}

// ownSequence follows OWNED BY.
func (s *Schema) ownSequence(name Name, options []*pg.Node) string {
	q := s.Sequences[name]
	for _, o := range options {
		if o.GetDefElem().GetDefname() != "owned_by" {
			continue
		}
		if q == nil {
			return "sequence " + name.String() + " is not known"
		}
		parts := Strings(o.GetDefElem().GetArg().GetList().GetItems())
		if len(parts) < 2 { // OWNED BY NONE
			q.Table, q.Column = Name{}, ""
			continue
		}
		q.Table, q.Column = NameOfParts(parts[:len(parts)-1]), parts[len(parts)-1]
	}
	return ""
}

// SequencesIn returns the sequences that an expression or a query names in
// nextval, setval or currval, in the order of the text.
func SequencesIn(e *pg.Node) []Name {
	var all []Name
	for _, f := range MentionsOf(e).Functions {
		called := NameOfParts(Strings(f.GetFuncname())).Local
		if !slices.Contains([]string{"nextval", "setval", "currval"}, called) || len(f.GetArgs()) == 0 {
			continue
		}
		if n := NameOfParts(sqlscan.Names(literal(f.GetArgs()[0]))); n != (Name{}) && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

// literal is the text of a string constant, with or without a cast.
func literal(e *pg.Node) string {
	for e.GetTypeCast() != nil {
		e = e.GetTypeCast().GetArg()
	}
	return e.GetAConst().GetSval().GetSval()
}
