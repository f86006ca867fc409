// Package pglint says which rules a file of SQL for PostgreSQL breaks. What a
// statement locks, reads and writes comes from package pgeffect, the words of
// the rules from package pgrule; here is only which of them a statement meets.
//
// A file is judged against the schema that the files before it lead to. What a
// file makes itself nobody uses yet, so it may be locked and built freely.
package pglint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Linter judges files one after the other. It is for one goroutine.
type Linter struct {
	schema *pgschema.Schema
	server pgeffect.Server
	// enabled are codes of rules that are off by default and count here.
	enabled map[string]bool
	// made are the relations that files of the same change set made; nil when
	// every file stands for itself.
	made map[pgschema.Name]bool
}

// New returns a linter for a server and an empty schema, to which every file
// stands for itself.
func New(server pgeffect.Server) *Linter {
	return &Linter{schema: pgschema.New(), server: server, enabled: map[string]bool{}}
}

// ForChangeSet returns a linter for files that reach a server together: what
// one of them makes, or what before has and released has not, nobody uses yet.
// The linter adds to before what the files do, and only reads released.
func ForChangeSet(server pgeffect.Server, released, before *pgschema.Schema) *Linter {
	l := New(server)
	l.schema, l.made = before, map[pgschema.Name]bool{}
	for n, t := range before.Tables {
		l.made[n] = !slices.ContainsFunc(append(slices.Clone(t.Was), n), released.Has)
	}
	for n, v := range before.Views {
		l.made[n] = !slices.ContainsFunc(append(slices.Clone(v.Was), n), released.Has)
	}
	for n, q := range before.Sequences {
		l.made[n] = !slices.ContainsFunc(append(slices.Clone(q.Was), n), released.Has)
	}
	return l
}

// Schema is what the files judged so far lead to. Only the linter changes it.
func (l *Linter) Schema() *pgschema.Schema { return l.schema }

// Enable lets a rule that is off by default count.
func (l *Linter) Enable(code string) { l.enabled[code] = true }

// Locks are what statements take on the schema as it is by now, one of a kind:
// on everything but what they make themselves.
func (l *Linter) Locks(list []pgsyntax.Statement) []plans.Lock {
	var locks []plans.Lock
	f := &fileview{linter: l, made: map[pgschema.Name]bool{}}
	var path pgschema.SearchPath
	for _, st := range list {
		st, _ = path.Follow(l.schema, st)
		k := look{Statement: st, schema: l.schema, effect: pgeffect.Of(st, l.schema, l.server)}
		k.assume()
		for _, lock := range k.locks() {
			if !f.isMade(lock.Relation) && !slices.Contains(locks, lock) {
				locks = append(locks, lock)
			}
		}
		f.note(st)
	}
	return locks
}

// Made reports whether files of the change set made a relation, or the table
// that it belongs to.
func (l *Linter) Made(relation string) bool { return isMade(l.schema, l.made, relation) }

// File judges a file and then adds what it does to the schema. The error is of
// text that is not SQL at all.
func (l *Linter) File(file plans.SQLFile) ([]plans.Statement, []plans.Finding, error) {
	list, err := pgsyntax.Read(file.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file.Path, err)
	}
	statements, findings := l.Statements(Text{Path: file.Path, Statements: list})
	return statements, findings, nil
}

// Text is a file that was read.
type Text struct {
	Path       string
	Statements []pgsyntax.Statement
	// Apart is true when each statement runs by itself, not all of them in one
	// transaction.
	Apart bool
}

// Statements judges a file as File does. Of the statements returned, each
// belongs to one of the text, in its order.
func (l *Linter) Statements(text Text) ([]plans.Statement, []plans.Finding) {
	f := &fileview{linter: l, path: text.Path, made: l.made}
	if f.made == nil {
		f.made = map[pgschema.Name]bool{}
	}
	var path pgschema.SearchPath
	for _, written := range text.Statements {
		st, set := path.Follow(l.schema, written)
		if st.Tree != written.Tree { // what is printed to be copied runs without the path
			st.Text = cmp.Or(lines(statement(st.Tree)), st.Text)
		}
		f.judge(st, written.Text)
		if set {
			continue
		}
		f.note(st)
		l.schema.Apply(st)
		if f.shadow != nil {
			f.shadow.Apply(st)
		}
	}
	if !text.Apart {
		f.across()
		f.together()
	}
	f.unindexed()
	slices.SortStableFunc(f.findings, func(a, b plans.Finding) int { return a.Line - b.Line })
	return f.statements, f.findings
}

// fileview is a file under judgement.
type fileview struct {
	linter     *Linter
	path       string
	made       map[pgschema.Name]bool // relations that nobody uses yet
	filled     map[pgschema.Name]bool // of those, the ones that the file puts rows into
	shadow     *pgschema.Schema       // the schema with tables that it does not hold; nil without
	zone       string                 // the time zone that the file sets, in small letters; empty for none
	looked     []look
	statements []plans.Statement
	findings   []plans.Finding
}

// look is one statement, its effect on relations that were there before the
// file, and the schema right before it.
type look struct {
	pgsyntax.Statement
	effect pgeffect.Effect
	schema *pgschema.Schema
	file   *fileview
}

// judge takes a statement with its names in full, and its text as it was
// written.
func (f *fileview) judge(st pgsyntax.Statement, text string) {
	l := look{Statement: st, schema: f.linter.schema, file: f, effect: f.effect(st)}
	l.assume()
	l.effect.Locks = slices.DeleteFunc(l.effect.Locks, func(k plans.Lock) bool { return f.isMade(k.Relation) })
	l.effect.Rewrites = slices.DeleteFunc(l.effect.Rewrites, f.isMade)
	l.effect.Scans = slices.DeleteFunc(l.effect.Scans, f.isMade)
	if f.empty(pgschema.NameOf(st.Tree.GetAlterTableStmt().GetRelation())) {
		l.effect.Scans = nil // a foreign key without rows looks nothing up
	}
	f.looked = append(f.looked, l)
	f.setZone(l)
	f.statements = append(f.statements, plans.Statement{
		File: f.path, Line: st.Line, Column: behind(st), SQL: text, Source: l.source(),
		Locks: l.locks(), Rewrites: l.spelled(l.effect.Rewrites), Scans: l.spelled(l.effect.Scans),
	})
	before := len(f.findings)
	f.unknown(l)
	for _, rule := range byStatement() {
		for _, h := range rule(l) {
			f.report(l, h)
		}
	}
	if l.holdsWork() && !f.warned(before) {
		f.findings = append(f.findings, plans.Finding{
			Code: "works-behind-a-lock", Severity: plans.SeverityWarning, File: f.path, Line: st.Line, Column: behind(st), Roles: []string{string(pgrule.DBA)},
			Summary: "it reads or writes a whole table and keeps others from it meanwhile", Detail: l.figures(),
			Fix: "do it in a quiet hour, or in steps that hold no such lock",
		})
	}
}

// warned reports whether a warning or an error was found since.
func (f *fileview) warned(since int) bool {
	return slices.ContainsFunc(f.findings[since:], func(x plans.Finding) bool { return x.Severity != plans.SeverityInfo })
}

func (f *fileview) isMade(relation string) bool { return isMade(f.linter.schema, f.made, relation) }

// isMade also holds for what belongs to a table that the files made.
func isMade(schema *pgschema.Schema, made map[pgschema.Name]bool, relation string) bool {
	n := pgschema.NameOfParts(sqlscan.Names(relation))
	if i := schema.Indexes[n]; i != nil {
		n = i.Table
	}
	if q := schema.Sequences[n]; q != nil && q.Table.Local != "" {
		n = q.Table
	}
	return made[n] || n.Schema == pgschema.Temporary
}

// hit is a rule that a statement meets, and for which names.
type hit struct {
	code  string
	names pgrule.Names
}

func (f *fileview) report(l look, h hit) { f.reportAs(l, h, "") }

// reportAs reports with another severity than the rule's own, where it is not
// empty.
func (f *fileview) reportAs(l look, h hit, severity plans.Severity) {
	r, known := pgrule.Find(h.code)
	if !known || r.Off && !f.linter.enabled[r.Code] || !r.Holds(f.linter.server.Major) {
		return
	}
	f.findings = append(f.findings, plans.Finding{
		Code: r.Code, Severity: cmp.Or(severity, r.Severity), File: f.path, Line: l.Line, Column: behind(l.Statement),
		Summary: subject(h.names) + strings.TrimSuffix(r.Title, "."),
		Detail:  detail(r, h.names), Fix: l.fix(r, h.names), Roles: Roles(r),
	})
}

// fix is the rule's alternative with names filled in, or words for code that
// nobody can read.
func (l look) fix(r pgrule.Rule, n pgrule.Names) string {
	if r.Code == unreadableStatement {
		return "write the statements themselves, or say where the file belongs: -- lockstep:phase expand|contract REASON"
	}
	n.Statement = l.own()
	n.Table, n.Name, n.Moved, n.Other = quoted(n.Table), quoted(n.Name), quoted(n.Moved), quoted(n.Other)
	if columns := sqlscan.Names(n.Column); len(columns) == 1 {
		n.Column = quotedPart(columns[0])
	}
	return r.Fill(n)
}

// Roles are who must look at what a rule finds.
func Roles(r pgrule.Rule) []string {
	list := make([]string, len(r.Look))
	for i, role := range r.Look {
		list[i] = string(role)
	}
	return list
}

// behind is the column of a statement that stands behind something in its
// line, else 0.
func behind(st pgsyntax.Statement) int {
	if st.Column <= 1 {
		return 0
	}
	return st.Column
}

// detail is why the rule matters, after what of the schema makes it so.
func detail(r pgrule.Rule, n pgrule.Names) string {
	if n.Because == "" {
		return r.Why
	}
	return strings.ToUpper(n.Because[:1]) + n.Because[1:] + ". " + r.Why
}

func subject(n pgrule.Names) string {
	switch {
	case n.Table != "" && n.Column != "" && !strings.Contains(n.Column, ","):
		return n.Table + "." + n.Column + ": "
	case n.Table != "":
		return n.Table + ": "
	case n.Name != "":
		return n.Name + ": "
	}
	return ""
}

// figures say what the statement takes, by rule.
func (l look) figures() string {
	var parts []string
	for _, k := range l.effect.Locks {
		if blocking(k.Mode) {
			parts = append(parts, k.Mode+" on "+k.Relation)
		}
	}
	if len(l.effect.Rewrites) > 0 {
		parts = append(parts, "writes "+strings.Join(l.effect.Rewrites, ", ")+" anew")
	}
	if len(l.effect.Scans) > 0 {
		parts = append(parts, "reads all of "+strings.Join(l.effect.Scans, ", "))
	}
	if len(parts) == 0 {
		return ""
	}
	return "By rule: " + strings.Join(parts, "; ") + "."
}

// blocking: SHARE and what is stronger keeps others from writing.
// Source: PostgreSQL manual, Explicit Locking, table of conflicting lock modes.
func blocking(mode string) bool {
	return slices.Contains([]string{"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"}, mode)
}

// holdsWork reports whether the statement keeps writers from a table that it
// reads or writes from end to end.
func (l look) holdsWork() bool {
	if r := l.Tree.GetReindexStmt(); r != nil && switchedOn(r.GetParams(), "concurrently") {
		return false // the hard lock is on the old index, when the new one is there
	}
	return slices.ContainsFunc(l.effect.Locks, func(k plans.Lock) bool {
		return blocking(k.Mode) && (slices.Contains(l.effect.Rewrites, k.Relation) || slices.Contains(l.effect.Scans, k.Relation))
	})
}

func (l look) rewrites(n pgschema.Name) bool { return slices.Contains(l.effect.Rewrites, n.String()) }
func (l look) scans(n pgschema.Name) bool    { return slices.Contains(l.effect.Scans, n.String()) }

// old reports whether a relation was there before the file.
func (l look) old(n pgschema.Name) bool {
	return !l.file.made[n] && n.Schema != pgschema.Temporary
}

// note remembers the relations that a statement makes.
func (f *fileview) note(st pgsyntax.Statement) {
	for _, r := range fills(st.Tree) {
		if f.filled == nil {
			f.filled = map[pgschema.Name]bool{}
		}
		f.filled[pgschema.NameOf(r)] = true
	}
	for _, r := range makes(st.Tree) {
		if n := pgschema.NameOf(r); !f.linter.schema.Has(n) {
			f.made[n] = true
		}
	}
}

func makes(tree *pg.Node) []*pg.RangeVar {
	switch n := tree.GetNode().(type) {
	case *pg.Node_CreateStmt:
		return []*pg.RangeVar{n.CreateStmt.GetRelation()}
	case *pg.Node_CreateTableAsStmt:
		return []*pg.RangeVar{n.CreateTableAsStmt.GetInto().GetRel()}
	case *pg.Node_ViewStmt:
		return []*pg.RangeVar{n.ViewStmt.GetView()}
	case *pg.Node_CreateSeqStmt:
		return []*pg.RangeVar{n.CreateSeqStmt.GetSequence()}
	case *pg.Node_SelectStmt:
		if into := n.SelectStmt.GetIntoClause(); into != nil {
			return []*pg.RangeVar{into.GetRel()}
		}
	}
	return nil
}

// fills are the relations that a statement puts rows into.
func fills(tree *pg.Node) []*pg.RangeVar {
	switch n := tree.GetNode().(type) {
	case *pg.Node_InsertStmt:
		return []*pg.RangeVar{n.InsertStmt.GetRelation()}
	case *pg.Node_MergeStmt:
		return []*pg.RangeVar{n.MergeStmt.GetRelation()}
	case *pg.Node_CopyStmt:
		return []*pg.RangeVar{n.CopyStmt.GetRelation()}
	case *pg.Node_CreateTableAsStmt, *pg.Node_SelectStmt:
		return makes(tree)
	}
	return nil
}

// empty reports whether the file has made a table and put no row into it.
func (f *fileview) empty(n pgschema.Name) bool { return n.Local != "" && f.made[n] && !f.filled[n] }

// byStatement are the rules that look at one statement, each family in its
// file.
func byStatement() []func(look) []hit {
	return []func(look) []hit{
		addColumn, changeColumn, changeConstraint, indexes, tables, partitions, triggers, types, maintenance, rights, rows, unreadable,
		published, settings, reaches, twice, refusals, newer, foresight, taste,
	}
}
