package trace

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/lib/pq"
)

// seedbed is a table that wants a row.
type seedbed struct {
	oid  int64
	name string
	// ancestors are the partitioned tables that a row of it is a row of, too.
	ancestors []int64
	number    int // its place in the list, from 1: what its values are made of
	filled    bool
	columns   []seedColumn
}

// seedColumn is a column that an INSERT has to give.
type seedColumn struct {
	number   int
	name     string
	typ      string   // as SQL spells it
	category string   // pg_type.typcategory of the type below the domains
	base     string   // pg_type.typname of that type
	label    string   // the first label of an enum
	bounds   []string // what limits its values: CHECKs, the partition's bound
	values   []string // that may do
	parent   *reference
}

// reference is the column that a foreign key of NOT NULL columns leads to.
type reference struct {
	table  int64
	name   string // of the table
	column string
}

// seedTables are the ordinary tables, foreign ones left out: a row of theirs
// lies elsewhere.
const seedTables = `
	SELECT c.oid::bigint, quote_ident(n.nspname) || '.' || quote_ident(c.relname),
		ARRAY(SELECT a::oid::bigint FROM pg_partition_ancestors(c.oid) a)
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', '` + Schema + `')
		AND n.nspname !~ '^pg_(toast|temp|toast_temp)'
	ORDER BY 2`

// seedColumns are the columns that need a value: those that are NOT NULL, or
// that a CHECK wants to be, and have no default; and a partition's key.
const seedColumns = `
	WITH RECURSIVE below AS (
		SELECT t.oid, t.oid AS base, ARRAY[t.oid] AS way, t.typnotnull AS required FROM pg_type t
		UNION ALL SELECT b.oid, t.typbasetype, b.way || t.typbasetype, b.required OR u.typnotnull
			FROM below b JOIN pg_type t ON t.oid = b.base AND t.typtype = 'd' JOIN pg_type u ON u.oid = t.typbasetype
	)
	SELECT a.attnum, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), t.typcategory::text, t.typname,
		coalesce((SELECT enumlabel FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY enumsortorder LIMIT 1), ''),
		ARRAY(SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k WHERE k.contype = 'c'
				AND (k.conrelid = a.attrelid AND a.attnum = ANY (k.conkey) OR k.contypid = ANY (b.way) AND k.contypid <> 0) ORDER BY k.conname)
			|| ARRAY(SELECT pg_get_expr(c.relpartbound, c.oid) WHERE c.relispartition AND bounded.is),
		coalesce(f.confrelid, 0)::bigint, coalesce(f.target, ''), coalesce(f.column, '')
	FROM pg_attribute a
	JOIN pg_class c ON c.oid = a.attrelid
	JOIN below b ON b.oid = a.atttypid
	JOIN pg_type t ON t.oid = b.base AND t.typtype <> 'd'
	CROSS JOIN LATERAL (SELECT EXISTS (
		SELECT FROM pg_inherits h JOIN pg_partitioned_table p ON p.partrelid = h.inhparent
		JOIN pg_attribute pa ON pa.attrelid = h.inhparent AND pa.attnum = ANY (p.partattrs)
		WHERE h.inhrelid = c.oid AND pa.attname = a.attname) AS is) bounded
	LEFT JOIN LATERAL (
		SELECT k.confrelid, quote_ident(rn.nspname) || '.' || quote_ident(rc.relname) AS target, quote_ident(ra.attname) AS column
		FROM pg_constraint k JOIN pg_class rc ON rc.oid = k.confrelid JOIN pg_namespace rn ON rn.oid = rc.relnamespace
		CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS pair(own, theirs)
		JOIN pg_attribute ra ON ra.attrelid = k.confrelid AND ra.attnum = pair.theirs
		WHERE k.conrelid = a.attrelid AND k.contype = 'f' AND pair.own = a.attnum
		ORDER BY k.conname LIMIT 1) f ON true
	WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = '' AND a.attgenerated = ''
		AND (NOT a.atthasdef AND (a.attnotnull OR b.required OR EXISTS (
			SELECT FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'c' AND a.attnum = ANY (k.conkey)
			AND pg_get_constraintdef(k.oid) ~ 'IS NOT NULL|num_n')) OR bounded.is)
	ORDER BY a.attnum`

func readSeedbeds(ctx context.Context, tx *sql.Tx) ([]*seedbed, error) {
	found, err := listSeedbeds(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, b := range found {
		if err := b.read(ctx, tx); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// listSeedbeds reads which tables there are, and not yet their columns.
func listSeedbeds(ctx context.Context, tx *sql.Tx) ([]*seedbed, error) {
	rows, err := tx.QueryContext(ctx, seedTables)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []*seedbed
	for rows.Next() {
		b := &seedbed{number: len(found) + 1}
		if err := rows.Scan(&b.oid, &b.name, pq.Array(&b.ancestors)); err != nil {
			return nil, err
		}
		found = append(found, b)
	}
	return found, rows.Err()
}

func (b *seedbed) read(ctx context.Context, tx *sql.Tx) error {
	if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM ONLY "+b.name+")").Scan(&b.filled); err != nil {
		return fmt.Errorf("%s: %w", b.name, err)
	}
	rows, err := tx.QueryContext(ctx, seedColumns, b.oid)
	if err != nil {
		return fmt.Errorf("%s: %w", b.name, err)
	}
	defer rows.Close()
	for rows.Next() {
		var c seedColumn
		var parent reference
		if err := rows.Scan(&c.number, &c.name, &c.typ, &c.category, &c.base, &c.label, pq.Array(&c.bounds),
			&parent.table, &parent.name, &parent.column); err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		if parent.table != 0 {
			c.parent = &parent
		}
		c.values = append(c.named(), c.usual(b.number)...)
		b.columns = append(b.columns, c)
	}
	return rows.Err()
}

// ready reports whether every table that the row refers to has one. A row may
// refer to itself.
func (b *seedbed) ready(filled map[int64]bool) bool { return len(b.missing(filled)) == 0 }

// missing names the tables whose row is needed first.
func (b *seedbed) missing(filled map[int64]bool) []string {
	var found []string
	for _, c := range b.columns {
		if p := c.parent; p != nil && p.table != b.oid && !filled[p.table] && !slices.Contains(found, p.name) {
			found = append(found, p.name)
		}
	}
	return found
}
