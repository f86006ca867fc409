package adopt

import (
	"fmt"
	"slices"
	"strings"
)

// Tool is a migration tool's name as people write it.
type Tool string

// The tools whose databases can be taken over.
const (
	GolangMigrate Tool = "golang-migrate"
	Goose         Tool = "goose"
	Dbmate        Tool = "dbmate"
	Flyway        Tool = "Flyway"
	Liquibase     Tool = "Liquibase"
	Atlas         Tool = "Atlas"
)

// Column is one column of a table, its type as the database spells it.
type Column struct{ Name, Type string }

// Row is one row by lower-case column name; a NULL is left out.
type Row map[string]string

// Table is a table of the target that may belong to a migration tool.
type Table struct {
	Schema, Name string // Schema is empty where there are none
	Columns      []Column
	Rows         []Row
}

// String is the table's name with its schema.
func (t Table) String() string {
	if t.Schema == "" {
		return t.Name
	}
	return t.Schema + "." + t.Name
}

func (t Table) columnType(name string) (string, bool) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return strings.EqualFold(c.Name, name) })
	if i < 0 {
		return "", false
	}
	return strings.ToLower(t.Columns[i].Type), true
}

func (t Table) has(columns []string) bool {
	return !slices.ContainsFunc(columns, func(c string) bool {
		_, ok := t.columnType(c)
		return !ok
	})
}

func (t Table) columnList() string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = strings.TrimSpace(c.Name + " " + c.Type)
	}
	return strings.Join(names, ", ")
}

// Problem stands in the way of an import: what it is and what to do.
type Problem struct {
	What string `json:"what"`
	Fix  string `json:"fix"`
}

// Error returns "WHAT; FIX".
func (p Problem) Error() string { return p.What + "; " + p.Fix }

// Sighting is a tool that was recognised, and its table.
type Sighting struct {
	Tool  Tool
	Table Table
}

// Recognise names the one tool that migrated a target. It refuses several
// tools at once, tools whose files no converter reads, and a table that has a
// tool's name and nobody's columns. own is the name of the version table that
// the database block gives to Lockstep; ours says that Lockstep's history has
// the version in it, so that it tells of no other tool.
func Recognise(tables []Table, own string, ours bool) (*Sighting, []Problem) {
	var found []Sighting
	var problems []Problem
	rails := slices.ContainsFunc(tables, isRailsMetadata)
	// Who has written a version into Lockstep's table has decided which record holds.
	settled := slices.ContainsFunc(tables, func(t Table) bool {
		s, ok := shapeOf(t, rails)
		return ok && s.tool == GolangMigrate && strings.EqualFold(t.Name, own) && len(t.Rows) > 0
	})
	for _, t := range tables {
		s, ok := shapeOf(t, rails)
		switch {
		case ok && s.refuse == "" && (s.tool != GolangMigrate || strings.EqualFold(t.Name, own)):
			found = append(found, Sighting{s.tool, t})
		case settled && (!ok || s.refuse != ""):
		case ok && s.tool == GolangMigrate:
			problems = append(problems, otherVersionTable(t, own))
		case ok:
			problems = append(problems, Problem{fmt.Sprintf("table %s is %s's", t, s.tool), s.refuse})
		case isToolsName(t.Name) || strings.EqualFold(t.Name, own):
			problems = append(problems, unknownShape(t))
		}
	}
	// A version table without a row says nothing; Lockstep's own is like that
	// until its first migration.
	found = slices.DeleteFunc(found, func(s Sighting) bool {
		return len(found) > 1 && s.Tool == GolangMigrate && (ours || len(s.Table.Rows) == 0)
	})
	if len(found) > 1 {
		return nil, append(problems, severalTools(found))
	}
	if len(found) == 0 {
		return nil, problems
	}
	return &found[0], problems
}

func isRailsMetadata(t Table) bool {
	return t.Name == "ar_internal_metadata" && t.has([]string{"key", "value", "created_at", "updated_at"})
}

func otherVersionTable(t Table, own string) Problem {
	return Problem{
		fmt.Sprintf("table %s has golang-migrate's columns, and the database block says table %q", t, own),
		fmt.Sprintf("write table = %q into the database block if that is the version table of this schema, else drop or move it", t.Name),
	}
}

func unknownShape(t Table) Problem {
	return Problem{
		fmt.Sprintf("table %s has a migration tool's name and columns that no known tool makes: %s", t, t.columnList()),
		"rename it if it is no migration table; if a tool keeps it, write the schema as one file, say that it is applied (see " + byHand + "), and set table in the database block to a name that is free",
	}
}

func severalTools(found []Sighting) Problem {
	names := make([]string, len(found))
	for i, s := range found {
		names[i] = fmt.Sprintf("%s (table %s)", s.Tool, s.Table)
	}
	return Problem{
		"several tools have migrated this schema: " + strings.Join(names, ", "),
		"decide which one's record holds, drop or rename the tables of the others, and import again",
	}
}

// Readable reports whether the rows of a table are needed to take it over.
func Readable(t Table) bool {
	s, ok := shapeOf(t, false)
	return ok && s.refuse == ""
}
