package pgeffect

import (
	"cmp"
	"maps"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/plans"
)

// analysis collects the effect of one statement.
type analysis struct {
	schema   *pgschema.Schema
	server   Server
	locks    map[pgschema.Name]mode
	rewrites map[pgschema.Name]bool
	scans    map[pgschema.Name]bool
	reasons  []string
}

func newAnalysis(schema *pgschema.Schema, server Server) *analysis {
	return &analysis{
		schema: schema, server: server,
		locks: map[pgschema.Name]mode{}, rewrites: map[pgschema.Name]bool{}, scans: map[pgschema.Name]bool{},
	}
}

func (a *analysis) effect() Effect {
	slices.Sort(a.reasons)
	e := Effect{Rewrites: sorted(a.rewrites), Scans: sorted(a.scans), Unknown: a.reasons}
	for n, m := range a.locks {
		e.Locks = append(e.Locks, plans.Lock{Mode: m.String(), Relation: n.String()})
	}
	slices.SortFunc(e.Locks, func(x, y plans.Lock) int { return cmp.Compare(x.Relation, y.Relation) })
	return e
}

func sorted(names map[pgschema.Name]bool) []string {
	var all []string
	for n := range maps.Keys(names) {
		all = append(all, n.String())
	}
	slices.Sort(all)
	return all
}

func (a *analysis) unknown(reason string) {
	if !slices.Contains(a.reasons, reason) {
		a.reasons = append(a.reasons, reason)
	}
}

// lock notes a lock; of two on one relation the stronger counts.
func (a *analysis) lock(n pgschema.Name, m mode) {
	a.locks[n] = max(a.locks[n], m)
}

// named notes a lock on a relation that the statement names, and says so when
// the schema does not hold it.
func (a *analysis) named(r *pg.RangeVar, m mode) pgschema.Name {
	n := pgschema.NameOf(r)
	a.lockNamed(n, m)
	return n
}

func (a *analysis) lockNamed(n pgschema.Name, m mode) {
	a.lock(n, m)
	if !a.schema.Has(n) {
		a.unknown(n.String() + " is not in the schema")
	}
}

// below notes a lock on a table and all tables below it.
func (a *analysis) below(n pgschema.Name, m mode) {
	for _, t := range a.schema.Tree(n) {
		a.lock(t, m)
	}
}

func (a *analysis) indexes(table pgschema.Name, m mode) {
	for _, i := range a.schema.IndexesOf(table) {
		a.lock(i.Name, m)
	}
}

// scan notes that a table is read from end to end; a partitioned one keeps its
// rows in its partitions.
func (a *analysis) scan(n pgschema.Name) {
	if t := a.schema.Tables[n]; t != nil && t.Partitioned {
		for _, below := range a.schema.Tree(n)[1:] {
			if child := a.schema.Tables[below]; child != nil && !child.Partitioned {
				a.scans[below] = true
			}
		}
		return
	}
	a.scans[n] = true
}

// rewrite notes that a table and its indexes are written anew. skip are
// indexes that are made again instead, by another name of their file.
func (a *analysis) rewrite(n pgschema.Name, skip ...pgschema.Name) {
	if t := a.schema.Tables[n]; t != nil && t.Partitioned {
		return // it has no rows of its own
	}
	a.rewrites[n] = true
	a.scan(n)
	a.indexes(n, accessExclusive)
	for _, i := range a.schema.IndexesOf(n) {
		if !slices.Contains(skip, i.Name) {
			a.rewrites[i.Name] = true
		}
	}
}

// removal notes what a DROP takes along: everything that goes or loses a part
// is locked ACCESS EXCLUSIVE, the other side of a foreign key included.
//
// Source: "ACCESS EXCLUSIVE" in
// https://www.postgresql.org/docs/current/explicit-locking.html for DROP
// TABLE; the rest is measured (drop_fk, drop_table_cascade, drop_pk_cascade,
// drop_function_cascade, drop_extension_cascade).
func (a *analysis) removal(r *pgschema.Removal) {
	for _, n := range r.Relations {
		a.lock(n, accessExclusive)
	}
	for _, n := range r.Touched {
		a.lock(n, accessExclusive)
	}
	for _, n := range r.Missing {
		a.unknown(n + " is not in the schema")
	}
}
