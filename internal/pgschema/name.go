package pgschema

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// Public is the schema that unqualified names are looked up in.
const Public = "public"

// Name is the full name of a relation, a type or a function.
type Name struct{ Schema, Local string }

// String spells the name as SQL reads it; the schema public is left out.
func (n Name) String() string {
	if n.Schema == Public {
		return sqlscan.Identifier(n.Local)
	}
	return sqlscan.Identifier(n.Schema, n.Local)
}

// NameOf is the name that a statement gives to a relation.
func NameOf(r *pg.RangeVar) Name {
	return qualified(r.GetSchemaname(), r.GetRelname())
}

// NameOfParts is the name that a list of identifiers spells: the last is the
// object, the one before it the schema.
func NameOfParts(parts []string) Name {
	switch len(parts) {
	case 0:
		return Name{}
	case 1:
		return qualified("", parts[0])
	}
	return Name{parts[len(parts)-2], parts[len(parts)-1]}
}

func qualified(schema, local string) Name {
	if schema == "" {
		schema = Public
	}
	return Name{schema, local}
}

// Strings reads a list of identifiers, as names and key columns are kept in a
// tree. What is no identifier is left out.
func Strings(nodes []*pg.Node) []string {
	var all []string
	for _, n := range nodes {
		if s := n.GetString_(); s != nil {
			all = append(all, s.GetSval())
		}
	}
	return all
}
