// Package pgrule describes the rules about statements for PostgreSQL: what
// each code means, why it matters, what to write instead, and who must look.
// It is the register that findings, reports and documentation take their words
// from. Whether a statement breaks a rule is decided elsewhere.
//
// Locks, rewrites and scans in the texts were measured on PostgreSQL 11 to 18
// where they are not the manual's own words.
package pgrule

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/lockstep-dev/lockstep/plans"
)

// Rule describes one code. Its fields are complete: none but the versions and
// the manual's page is ever empty.
type Rule struct {
	// Code is what findings, "-- lockstep:nolint" and reports say. It never
	// changes.
	Code string
	// ID is the other name, "PG-L60": the family's letter and a number.
	ID string
	// Severity is error where the server refuses the statement or Lockstep the
	// file, which no reason makes right; warning for what waits, breaks or is
	// lost; info for what is good to know.
	Severity plans.Severity
	Title    string // one sentence
	Why      string // two sentences
	// Instead is SQL to copy, with the placeholders of Names.
	Instead string
	Verdict Verdict
	// Look names who must look at it, at least one.
	Look []Role
	// Manual is a page of PostgreSQL's manual; empty for what is Lockstep's own
	// affair.
	Manual string
	// Since and Until are the first and the last major version of the server
	// on which the rule holds; 0 means that there is no such bound.
	Since, Until int
	// Off is true for a rule that is only applied when it is asked for.
	Off bool
}

// Verdict is where a statement belongs when the rule is all that is known. The
// schema of the last released version decides in the end.
type Verdict string

// Verdicts.
const (
	Expand   Verdict = "expand"   // before the deployment
	Contract Verdict = "contract" // when no old code runs any more
	Data     Verdict = "data"     // moves rows, in batches
	Neutral  Verdict = "neutral"  // at any time, in a step of its own
	Split    Verdict = "split"    // no single place is right
	Ask      Verdict = "ask"      // only the author knows
)

// Role is who must look at a change.
type Role string

// Roles.
const (
	DBA      Role = "dba"      // locks, size, data
	Security Role = "security" // rights, and what runs with whose
	Release  Role = "release"  // what old code meets, and what has no way back
)

// Names fill the placeholders of Rule.Instead, spelled as SQL spells them.
type Names struct {
	Table  string // {table}
	Column string // {column}
	Name   string // {name}: the index, constraint, column or other object that is made
	Type   string // {type}
	// Moved is {moved}: Name in the schema of the table, which RENAME TO does
	// not take and what comes after it needs. Empty where that is Name.
	Moved string
	// Other is {other}: the table on the other side.
	Other string
	// Definition is {definition}: what a constraint demands, "CHECK (n > 0)".
	Definition string
	// Default is {default}: an expression.
	Default string
	// Whole is the alternative where the rule's own does not fit: it holds no
	// placeholders.
	Whole string
	// Statement is {statement}: the author's own, without its semicolon.
	Statement string
	// Because is what of the schema makes it so, a clause; it stands before the
	// rule's Why.
	Because string
}

// Fill returns the safe alternative for these names. A placeholder whose name
// is empty stays, so that a reader sees what is left to fill in.
func (r Rule) Fill(n Names) string {
	if n.Whole != "" {
		return n.Whole
	}
	var filled strings.Builder
	for rest := r.Instead; ; {
		before, after, found := strings.Cut(rest, "{")
		placeholder, behind, closed := strings.Cut(after, "}")
		if !found || !closed {
			filled.WriteString(rest)
			return filled.String()
		}
		name := n.filling(placeholder)
		if in, isString := strings.CutSuffix(before, "'"); isString && name != "" && strings.HasPrefix(behind, "'") {
			before, behind, name = in, behind[1:], literal(n.inString(placeholder, name))
		}
		filled.WriteString(before)
		filled.WriteString(cmp.Or(name, "{"+placeholder+"}"))
		rest = behind
	}
}

// filling is what stands for a placeholder, empty for one that stays.
func (n Names) filling(placeholder string) string {
	switch placeholder {
	case "table":
		return n.Table
	case "column":
		return n.Column
	case "name":
		return n.Name
	case "moved":
		return cmp.Or(n.Moved, n.Name)
	case "type":
		return n.Type
	case "other":
		return n.Other
	case "definition":
		return n.Definition
	case "default":
		return n.Default
	case "statement":
		return n.Statement
	}
	return ""
}

// inString is a name as a string of SQL has it: functions take a table as it is
// spelled and a column as the catalog has it.
func (n Names) inString(placeholder, name string) string {
	if placeholder == "column" {
		return plain(name)
	}
	return name
}

// literal spells a name as a string of SQL.
func literal(name string) string {
	return "'" + strings.ReplaceAll(name, "'", "''") + "'"
}

// plain is an identifier without its quotes.
func plain(identifier string) string {
	if len(identifier) < 2 || identifier[0] != '"' {
		return identifier
	}
	return strings.ReplaceAll(identifier[1:len(identifier)-1], `""`, `"`)
}

// Holds reports whether the rule holds on a server of this major version; 0
// stands for a server that is not known, on which every rule does.
func (r Rule) Holds(major int) bool {
	return major == 0 || major >= r.Since && (r.Until == 0 || major <= r.Until)
}

// Family is the letter of the rule's family: L lock and work, T transactions
// and timeouts, C compatibility, D data loss, R replication and operation,
// N neutral, S what reaches out or runs with other rights, F how files are
// written, B best practice.
func (r Rule) Family() string { return strings.TrimPrefix(r.ID, "PG-")[:1] }

// All returns every rule in the order of families and numbers.
func All() []Rule {
	return slices.Concat(
		addColumn(), alterColumn(), constraints(), indexes(), storage(), typesAndSequences(), tables(), partitions(), triggers(),
		transactions(), timeouts(), compatibility(), dataLoss(), replication(), neutral(), security(), files(), bestPractice(),
	)
}

// Find returns the rule of a code or an ID.
func Find(name string) (Rule, bool) {
	r, ok := byName()[name]
	return r, ok
}

// byName is for reading alone.
var byName = sync.OnceValue(func() map[string]Rule {
	all := map[string]Rule{}
	for _, r := range All() {
		all[r.Code], all[r.ID] = r, r
	}
	return all
})

// manual is the folder of the manual's pages.
const manual = "https://www.postgresql.org/docs/current/"

const (
	refused = plans.SeverityError
	warning = plans.SeverityWarning
	note    = plans.SeverityInfo
)
