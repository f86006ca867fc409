package pgschema

import (
	"strconv"
	"strings"
)

// PostgreSQL's names for what has none: a table's and a column's name and a
// label, cut to 63 bytes by shortening the longer of the first two. Source:
// makeObjectName and ChooseRelationName in src/backend/commands/indexcmds.c.
const longestName = 63

func limited(table, column, label string) string {
	room := longestName - len(label) - 1
	if column != "" {
		room--
	}
	for len(table)+len(column) > room {
		if len(table) > len(column) {
			table = table[:len(table)-1]
		} else {
			column = column[:len(column)-1]
		}
	}
	if column == "" {
		return table + "_" + label
	}
	return table + "_" + column + "_" + label
}

// indexName is the name that PostgreSQL gives to an index that has none.
func indexName(table string, i *Index) string {
	switch {
	case i.Primary:
		return limited(table, "", "pkey")
	case i.Constraint != "":
		return limited(table, partNames(i), "key")
	}
	return limited(table, partNames(i), "idx")
}

func partNames(i *Index) string {
	var names []string
	for _, p := range i.Parts {
		switch call := p.Expression.GetFuncCall(); {
		case p.Column != "":
			names = append(names, p.Column)
		case call != nil:
			names = append(names, NameOfParts(Strings(call.GetFuncname())).Local)
		default:
			names = append(names, "expr")
		}
	}
	names = append(names, i.Included...)
	return strings.Join(names, "_")
}

// free returns the name, or the first one with a number behind it that no
// relation has.
func (s *Schema) free(n Name) Name {
	free := n
	for i := 1; s.Has(free); i++ {
		free.Local = n.Local + strconv.Itoa(i)
	}
	return free
}

// freeConstraint is free for names of constraints on one table.
func freeConstraint(t *Table, name string) string {
	free := name
	for i := 1; t.Constraint(free) != nil; i++ {
		free = name + strconv.Itoa(i)
	}
	return free
}
