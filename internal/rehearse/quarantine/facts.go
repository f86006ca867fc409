package quarantine

import (
	"context"
	"database/sql"

	"github.com/lib/pq"
)

// facts are what the catalog says of a table, or of a column of it.
type facts struct {
	table, column string
	// As SQL spells them; quotedTable is qualified, bareTable is not.
	quotedSchema, quotedTable, bareTable, quotedField string
	kind                                              string // pg_class.relkind
	part                                              bool   // it is a partition or a child of another table
	comment                                           sql.NullString
	notNull, valued                                   bool // valued: a row that does not name the column gets a value
	typeNotNull                                       bool
	key                                               bool           // the column is part of the primary key
	computed                                          sql.NullString // a generated column that is computed from it
	ties                                              []tie
	views                                             []view
	uniques                                           []unique
	remarks                                           []string
}

// tie is a constraint that is taken off during the quarantine.
type tie struct {
	table, name, definition string
	valid, partitioned      bool
}

// view reads what goes into quarantine; those that read others come later.
type view struct {
	name                       string
	quotedSchema, quoted, bare string // as SQL spells them; quoted is qualified
	materialized               bool
	comment                    sql.NullString
}

// unique is an index that takes a value once.
type unique struct {
	name            string
	nullsAreTheSame bool
}

func readFacts(ctx context.Context, conn *sql.Conn, t target) (f facts, err error) {
	f.column = t.column
	// Definitions then qualify every name.
	if _, err := conn.ExecContext(ctx, "SET search_path = ''"); err != nil {
		return f, err
	}
	for _, read := range []func(context.Context, *sql.Conn, target) error{f.readTable, f.readColumn, f.readTies, f.readViews, f.readUniques, f.readRemarks} {
		if err := read(ctx, conn, t); err != nil {
			return f, err
		}
	}
	_, err = conn.ExecContext(ctx, "RESET search_path")
	return f, err
}

func (f *facts) readTable(ctx context.Context, conn *sql.Conn, t target) error {
	return conn.QueryRowContext(ctx, `
		SELECT c.relname, quote_ident(n.nspname), format('%I.%I', n.nspname, c.relname), quote_ident(c.relname), c.relkind,
			EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid), obj_description(c.oid, 'pg_class')
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1`, t.oid).
		Scan(&f.table, &f.quotedSchema, &f.quotedTable, &f.bareTable, &f.kind, &f.part, &f.comment)
}

func (f *facts) readColumn(ctx context.Context, conn *sql.Conn, t target) error {
	if t.column == "" {
		return nil
	}
	return conn.QueryRowContext(ctx, `
		SELECT quote_ident(a.attname), a.attnotnull, a.atthasdef OR a.attidentity <> '' OR ty.typdefault IS NOT NULL, ty.typnotnull, col_description(a.attrelid, a.attnum),
			EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey::smallint[])),
			(SELECT min(quote_ident(g.attname)) FROM pg_catalog.pg_attribute g LEFT JOIN pg_catalog.pg_attrdef ad ON ad.adrelid = g.attrelid AND ad.adnum = g.attnum
				JOIN pg_catalog.pg_depend d ON d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND (
					d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = ad.oid OR d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = g.attrelid AND d.objsubid = g.attnum)
				WHERE g.attrelid = a.attrelid AND g.attnum <> a.attnum AND g.attgenerated <> '')
		FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type ty ON ty.oid = a.atttypid WHERE a.attrelid = $1 AND a.attname = $2`, t.oid, t.column).
		Scan(&f.quotedField, &f.notNull, &f.valued, &f.typeNotNull, &f.comment, &f.key, &f.computed)
}

// readTies finds foreign keys of the table to others and of others to it, and
// of a column the checks and foreign keys that name it.
func (f *facts) readTies(ctx context.Context, conn *sql.Conn, t target) error {
	rows, err := conn.QueryContext(ctx, `
		SELECT format('%I.%I', n.nspname, c.relname), quote_ident(k.conname), pg_get_constraintdef(k.oid), k.convalidated, c.relkind = 'p'
		FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = $1 AND a.attname = $2
		WHERE k.conparentid = 0 AND k.coninhcount = 0 AND CASE WHEN $2 = ''
			THEN k.contype = 'f' AND (k.conrelid = $1) <> (k.confrelid = $1)
			ELSE k.contype IN ('c', 'f') AND k.conrelid = $1 AND a.attnum = ANY (k.conkey) OR k.contype = 'f' AND k.confrelid = $1 AND a.attnum = ANY (k.confkey) END
		ORDER BY 1, 2`, t.oid, t.column)
	return each(rows, err, func(rows *sql.Rows) error {
		var k tie
		err := rows.Scan(&k.table, &k.name, &k.definition, &k.valid, &k.partitioned)
		f.ties = append(f.ties, k)
		return err
	})
}

// readViews finds the views that read the table or column, and those that read
// these, each behind all that it reads.
func (f *facts) readViews(ctx context.Context, conn *sql.Conn, t target) error {
	rows, err := conn.QueryContext(ctx, `
		WITH RECURSIVE reading(oid, depth) AS (
			SELECT r.ev_class, 1 FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_catalog.pg_rewrite'::regclass
			LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = $1 AND a.attname = $2
			WHERE d.refobjid = $1 AND r.ev_class <> $1 AND ($2 = '' OR d.refobjsubid = a.attnum)
			UNION
			SELECT r.ev_class, reading.depth + 1 FROM reading JOIN pg_catalog.pg_depend d ON d.refobjid = reading.oid
			JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_catalog.pg_rewrite'::regclass WHERE r.ev_class <> reading.oid)
		SELECT c.relname, quote_ident(n.nspname), format('%I.%I', n.nspname, c.relname), quote_ident(c.relname), c.relkind = 'm', obj_description(c.oid, 'pg_class')
		FROM (SELECT oid, max(depth) AS depth FROM reading GROUP BY oid) v
		JOIN pg_catalog.pg_class c ON c.oid = v.oid AND c.relkind IN ('v', 'm') JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		ORDER BY v.depth, 1, 2`, t.oid, t.column)
	return each(rows, err, func(rows *sql.Rows) error {
		var v view
		err := rows.Scan(&v.name, &v.quotedSchema, &v.quoted, &v.bare, &v.materialized, &v.comment)
		f.views = append(f.views, v)
		return err
	})
}

func (f *facts) readUniques(ctx context.Context, conn *sql.Conn, t target) error {
	rows, err := conn.QueryContext(ctx, `
		SELECT format('%I.%I', n.nspname, c.relname), pg_get_indexdef(i.indexrelid) LIKE '% NULLS NOT DISTINCT%'
		FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attname = $2
		WHERE i.indrelid = $1 AND i.indisunique AND a.attnum = ANY (i.indkey::smallint[]) ORDER BY 1`, t.oid, t.column)
	return each(rows, err, func(rows *sql.Rows) error {
		var u unique
		err := rows.Scan(&u.name, &u.nullsAreTheSame)
		f.uniques = append(f.uniques, u)
		return err
	})
}

// readRemarks finds what the catalog does not tie to the name, though it uses it.
func (f *facts) readRemarks(ctx context.Context, conn *sql.Conn, t target) error {
	word := f.table
	if t.column != "" {
		word = t.column
	}
	rows, err := conn.QueryContext(ctx, `
		SELECT format('function %s names it in its text, which keeps the old name: from the quarantine on it fails where it uses that', p.oid::regprocedure) FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
		WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema' AND p.prosrc ~* ('(^|\W)' || regexp_replace($3, '(\W)', '\\\1', 'g') || '(\W|$)')
		UNION ALL
		SELECT format('publication %I holds the table: subscribers see it by its name, change them first', pubname) FROM pg_catalog.pg_publication_tables
		WHERE $2 = '' AND format('%I.%I', schemaname, tablename)::regclass = $1::oid
		ORDER BY 1`, t.oid, t.column, word)
	return each(rows, err, func(rows *sql.Rows) error {
		var remark string
		err := rows.Scan(&remark)
		f.remarks = append(f.remarks, remark)
		return err
	})
}

func each(rows *sql.Rows, err error, scan func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// literal spells a comment, NULL for none.
func literal(text sql.NullString) string {
	if !text.Valid {
		return "NULL"
	}
	return pq.QuoteLiteral(text.String)
}
