package trace

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// Schema holds what the tracer makes in the scratch database. Its event triggers
// are named after it; both are there from New to Close.
const Schema = "lockstep_trace"

// relation is a row of pg_class with the worker's counters.
type relation struct {
	name    string
	kind    Kind
	storage int64 // relfilenode; 0 where there is none
	table   int64 // of an index: its table's oid
	starts  int64 // sequential scans begun
	rows    int64 // rows they returned
}

// catalog is the relations that matter, by oid.
type catalog map[int64]relation

// counter says whose numbers of scans are read.
type counter string

const (
	// pending are the worker's own, not yet reported: exact in a transaction.
	pending counter = "pg_stat_get_xact_"
	// reported are the server's: exact after a forced flush.
	reported counter = "pg_stat_get_"
)

// readCatalog reads on the worker, which alone sees what its transaction made.
// It locks nothing but catalogs. The last row is no relation and brings the
// start of the worker's transaction.
func (t *Tracer) readCatalog(ctx context.Context, by counter) (catalog, string, error) {
	rows, err := t.worker.QueryContext(ctx, fmt.Sprintf(`
		SELECT c.oid::bigint, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), c.relkind::text,
			c.relfilenode::bigint, coalesce(i.indrelid, 0)::bigint,
			CASE WHEN c.relkind IN ('r', 'm') THEN coalesce(pg_catalog.%[1]snumscans(c.oid), 0) ELSE 0 END,
			CASE WHEN c.relkind IN ('r', 'm') THEN coalesce(pg_catalog.%[1]stuples_returned(c.oid), 0) ELSE 0 END, ''
		FROM pg_catalog.pg_class c
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
		WHERE c.relkind <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', '%[2]s')
			AND n.nspname !~ '^pg_(toast_)?temp_'
		UNION ALL SELECT 0, '', '', 0, 0, 0, 0,
			(extract(epoch FROM pg_catalog.transaction_timestamp()) * 1000000)::bigint::text`, by, Schema))
	if err != nil {
		return nil, "", fmt.Errorf("read the catalog: %w", err)
	}
	defer rows.Close()
	return t.collect(rows)
}

func (t *Tracer) collect(rows *sql.Rows) (catalog, string, error) {
	found, began := catalog{}, ""
	for rows.Next() {
		var oid int64
		var r relation
		var relkind, moment string
		if err := rows.Scan(&oid, &r.name, &relkind, &r.storage, &r.table, &r.starts, &r.rows, &moment); err != nil {
			return nil, "", fmt.Errorf("read the catalog: %w", err)
		}
		if oid == 0 {
			began = moment
			continue
		}
		r.kind = kindOf(relkind)
		found[oid] = r
	}
	if err := rows.Err(); err != nil {
		return nil, "", fmt.Errorf("read the catalog: %w", err)
	}
	if len(t.ignore) == 0 {
		return found, began, nil
	}
	ignored := func(oid int64) bool { return slices.Contains(t.ignore, found[oid].name) }
	return found.without(func(oid int64) bool { return ignored(oid) || ignored(found[oid].table) }), began, nil
}

func (c catalog) without(ignored func(oid int64) bool) catalog {
	left := catalog{}
	for oid, r := range c {
		if !ignored(oid) {
			left[oid] = r
		}
	}
	return left
}

// change compares two catalogs; hidden relations are those that the transaction
// itself made.
type change struct {
	before, after catalog
	events        []event
	hidden        func(oid int64) bool
}

func (c change) rewrites() []Rewrite {
	var found []Rewrite
	for oid, old := range c.before {
		now, there := c.after[oid]
		if there && !c.hidden(oid) && now.storage != old.storage && old.stored() {
			found = append(found, Rewrite{old.name, old.kind, reasons(c.events, oid)})
		}
	}
	slices.SortFunc(found, func(a, b Rewrite) int { return strings.Compare(a.Relation, b.Relation) })
	return found
}

func (r relation) stored() bool {
	return r.kind == Table || r.kind == Index || r.kind == MaterializedView
}

func (c change) scans() []Scan {
	var found []Scan
	for oid, old := range c.before {
		now, there := c.after[oid]
		scanned := there && now.starts > old.starts
		if scanned && !c.hidden(oid) && (old.kind == Table || old.kind == MaterializedView) {
			found = append(found, Scan{Relation: old.name, Starts: now.starts - old.starts, Rows: now.rows - old.rows})
		}
	}
	slices.SortFunc(found, func(a, b Scan) int { return strings.Compare(a.Relation, b.Relation) })
	return found
}

// measured is all of it but the time.
func (c change) measured(now, before held) Measured {
	m := Measured{Locks: c.taken(now, before), Rewrites: c.rewrites(), Scans: c.scans(), Dropped: drops(c.events)}
	m.Created, m.Rebuilt = c.made()
	return m
}

// made tells new relations from indexes that were rebuilt under their name. An
// index that was replaced and kept its storage is neither.
func (c change) made() (created []Relation, rebuilt []string) {
	replaced := map[string]relation{}
	for oid, old := range c.before {
		if _, there := c.after[oid]; !there && old.kind == Index && !c.hidden(oid) {
			replaced[old.name] = old
		}
	}
	for oid, now := range c.after {
		old, again := replaced[now.name]
		switch _, there := c.before[oid]; {
		case there:
		case !again || now.kind != Index:
			created = append(created, Relation{now.name, now.kind})
		case now.storage != old.storage:
			rebuilt = append(rebuilt, now.name)
		}
	}
	slices.SortFunc(created, func(a, b Relation) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(rebuilt)
	return created, rebuilt
}
