package sqlcheck

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Size is what was measured of a table.
type Size struct {
	Rows  int64
	Bytes int64 // with its indexes
}

// Small tables are read or written anew before anybody notices: at the slowest
// disk that is worth the name (50 MB/s) in a fifth of a second.
func (s Size) Small() bool { return s.Rows >= 0 && s.Rows < 10_000 && s.Bytes < 10<<20 }

// Large tables are worth a DBA's look whatever is done to them.
func (s Size) Large() bool { return s.Rows >= 1_000_000 || s.Bytes >= 1<<30 }

// Sizes returns the size of a relation as Statement.Locks spells it; false
// when nobody measured it.
type Sizes func(relation string) (Size, bool)

func (s Sizes) small(relation string) bool {
	if s == nil {
		return false
	}
	size, known := s(relation)
	return known && size.Small()
}

// Rate says how much a file can hurt, by what its verdict holds now. Sizes may
// be nil.
func (p *Postgres) Rate(v Verdict, sizes Sizes) plans.Risk {
	r := rating{Level: "low"}
	for _, what := range v.Unread {
		r.raise("medium", what+": its losses are assumed to be none")
	}
	for _, what := range v.Loses {
		r.raise("high", "data is lost ("+what+"): the down file can restore the shape, not the rows")
	}
	for _, s := range v.Statements {
		p.rateStatement(&r, s, sizes)
	}
	if v.Class == plans.ClassContract {
		r.raise("medium", "code of the previous version does not survive it")
	}
	if v.Irreversible != "" {
		r.raise("high", "there is no way back: "+v.Irreversible)
	}
	return plans.Risk(r)
}

func (p *Postgres) rateStatement(r *rating, s plans.Statement, sizes Sizes) {
	for _, l := range s.Locks {
		if !Blocks(l.Mode) || p.Part(l.Relation) {
			continue
		}
		if slices.Contains(s.Rewrites, l.Relation) && !sizes.small(l.Relation) {
			r.raise("high", l.Relation+" is written anew while it is locked ("+s.Source+")")
		}
		who := "nobody can write "
		if l.Mode == accessExclusive {
			who = "nobody can read or write "
		}
		r.raise("medium", who+l.Relation+" while the lock is held")
	}
}

// Part reports whether a relation is an index or a column's sequence: who
// waits for it waits for its table.
func (p *Postgres) Part(relation string) bool {
	n := pgschema.NameOfParts(sqlscan.Names(relation))
	for _, schema := range []*pgschema.Schema{p.linter.Schema(), p.released} {
		if schema.Indexes[n] != nil {
			return true
		}
		if q := schema.Sequences[n]; q != nil && q.Table.Local != "" {
			return true
		}
	}
	return false
}

// Spelled spells a relation's name as verdicts do: the schema public is left
// out.
func Spelled(relation string) string {
	return pgschema.NameOfParts(sqlscan.Names(relation)).String()
}

// Blocks reports whether a lock keeps others from writing.
// Source: PostgreSQL documentation, "Explicit Locking", conflicting lock modes.
func Blocks(mode string) bool {
	switch mode {
	case share, shareRowExclusive, exclusive, accessExclusive:
		return true
	}
	return false
}

// WorksLocked lists the relations that a statement reads or writes from end to
// end while nobody can write them.
func WorksLocked(s plans.Statement) []string {
	var list []string
	for _, l := range s.Locks {
		if Blocks(l.Mode) && (slices.Contains(s.Rewrites, l.Relation) || slices.Contains(s.Scans, l.Relation)) {
			list = append(list, l.Relation)
		}
	}
	return list
}

// AboutWork reports whether a rule is about how long a table is kept from
// others, which is as long as it is large.
func AboutWork(code string) bool {
	switch code {
	case "works-behind-a-lock", "create-index", "reindex", "table-rewrite", "table-storage", "refresh-matview",
		"add-column-volatile-default", "add-column-serial", "add-column-identity", "add-column-generated-stored",
		"add-column-domain-check", "add-column-inline-check", "add-column-inline-unique", "add-column-inline-fk-default",
		"alter-type-rewrite", "alter-type-index-rebuild", "alter-type-check-rescan", "set-not-null",
		"add-check-validated", "add-fk-validated", "add-unique", "add-primary-key", "pk-using-index-nullable", "add-exclusion",
		"domain-add-check", "domain-validate", "create-partition-of", "attach-partition",
		"not-valid-and-validate-one-transaction", "set-not-null-same-transaction":
		return true
	}
	return false
}
