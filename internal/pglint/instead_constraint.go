package pglint

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// insteadOfConstraint are the names in the alternative to a constraint that is
// added.
func (l look) insteadOfConstraint(code string, table pgschema.Name, k *pg.Constraint) pgrule.Names {
	n := pgrule.Names{Table: table.String(), Column: spelled(keyColumns(k)), Name: sqlscan.Identifier(k.GetConname())}
	if k.GetConname() == "" {
		n.Name = named(table, keyColumns(k), suffix(k))
	}
	switch code {
	case "add-check-validated", "add-fk-validated":
		n.Definition = demand(k, "")
	case "fk-not-valid-on-partitioned":
		n.Definition = demand(k, "")
		n.Whole = l.onEachPartition(table, n)
	case "add-exclusion":
		n.Name, n.Definition = beside(table, table.Local+"_new"), demand(k, "")
	case "add-unique", "add-primary-key":
		n.Whole = l.asUnique(code, k, n)
	case "pk-using-index-nullable":
		n.Whole = l.keyAfterNotNull(table, k)
	}
	return n
}

// asUnique is the rule's alternative with what else the author demands of the
// key: more columns in its index, NULLs that are equal, a check at the end of
// the transaction. Empty where there is nothing of it.
func (l look) asUnique(code string, k *pg.Constraint, n pgrule.Names) string {
	index, constraint := "", ""
	if include := pgschema.Strings(k.GetIncluding()); len(include) > 0 {
		index += " INCLUDE (" + spelled(include) + ")"
	}
	if k.GetNullsNotDistinct() {
		index += " NULLS NOT DISTINCT"
	}
	switch {
	case k.GetInitdeferred():
		constraint = " DEFERRABLE INITIALLY DEFERRED"
	case k.GetDeferrable():
		constraint = " DEFERRABLE"
	}
	rule, known := pgrule.Find(code)
	if !known || index+constraint == "" {
		return ""
	}
	all := strings.Split(l.fix(rule, n), "\n")
	for i, line := range all {
		body := strings.TrimSuffix(line, ";")
		switch {
		case strings.HasPrefix(line, "CREATE UNIQUE INDEX"):
			all[i] = body + index + ";"
		case strings.Contains(line, " USING INDEX "):
			all[i] = body + constraint + ";"
		}
	}
	return strings.Join(all, "\n")
}

// onEachPartition adds a constraint to the partitions, which take it NOT VALID
// where their parent does not.
func (l look) onEachPartition(table pgschema.Name, n pgrule.Names) string {
	all := []string{"-- each in a file of its own:"}
	for _, leaf := range l.schema.Tree(table)[1:] {
		if t := l.schema.Tables[leaf]; t == nil || t.Partitioned {
			continue
		}
		alter := "ALTER TABLE " + sql(leaf)
		all = append(all, alter+" ADD CONSTRAINT "+n.Name+" "+n.Definition+" NOT VALID", alter+" VALIDATE CONSTRAINT "+n.Name)
	}
	if len(all) == 1 {
		return ""
	}
	return lines(all...)
}

// keyAfterNotNull makes the columns of a unique index NOT NULL while others
// read and write, and then the index the primary key.
func (l look) keyAfterNotNull(table pgschema.Name, k *pg.Constraint) string {
	t, i := l.schema.Tables[table], l.schema.Indexes[pgschema.Name{Schema: table.Schema, Local: k.GetIndexname()}]
	if t == nil || i == nil {
		return lines("-- make the columns of the index NOT NULL first (see set-not-null); then, in a file of its own:", l.own())
	}
	var conditions, sets []string
	for _, p := range i.Parts {
		if c := t.Column(p.Column); c != nil && !c.NotNull {
			conditions = append(conditions, quotedPart(p.Column)+" IS NOT NULL")
			sets = append(sets, "ALTER COLUMN "+quotedPart(p.Column)+" SET NOT NULL")
		}
	}
	alter, name := "ALTER TABLE "+sql(table), quotedPart(k.GetIndexname()+"_not_null")
	return lines("-- each in a file of its own:",
		alter+" ADD CONSTRAINT "+name+" CHECK ("+strings.Join(conditions, " AND ")+") NOT VALID",
		alter+" VALIDATE CONSTRAINT "+name,
		alter+" "+strings.Join(sets, ", "),
		l.own(),
		alter+" DROP CONSTRAINT "+name)
}
