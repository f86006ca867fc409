package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// writesSpan is between two readings of the counters: a backend reports its
// own at most once a second.
// Source: PostgreSQL documentation, "The Cumulative Statistics System".
const writesSpan = time.Second

// found are the relations that are there: each by the position of its name,
// with its partitions and child tables.
type found struct {
	names   []string
	roots   []int64
	members []int64
	// of is the position of the name that a member belongs to.
	of []int64
}

// find looks names up without asking for a right or a lock: to_regclass would
// fail for a schema that the role may not use.
const find = `
WITH RECURSIVE wish AS (
	SELECT * FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (schema, name, ord)
), path AS (
	SELECT n.oid, p.ord FROM unnest(current_schemas(true)) WITH ORDINALITY AS p (name, ord) JOIN pg_namespace n ON n.nspname = p.name
), tree (ord, oid, root) AS (
	SELECT w.ord, c.oid, true FROM wish w CROSS JOIN LATERAL (
		SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN path ON path.oid = n.oid
		WHERE c.relname = w.name AND CASE w.schema WHEN '' THEN path.ord IS NOT NULL ELSE n.nspname = w.schema END
		ORDER BY path.ord LIMIT 1) c
	UNION
	SELECT t.ord, i.inhrelid, false FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid
)
SELECT ord - 1, oid::bigint, root FROM tree ORDER BY ord, NOT root, oid`

func (s *surveying) find(ctx context.Context, names []string) (found, error) {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	f := found{names: names, roots: make([]int64, len(names))}
	var schemas, plain []string
	for _, name := range names {
		parts := sqlscan.Names(name)
		if len(parts) == 0 || len(parts) > 2 {
			parts = []string{name} // there is none of that name
		}
		plain = append(plain, parts[len(parts)-1])
		schemas = append(schemas, strings.Join(parts[:len(parts)-1], ""))
	}
	err := s.soon(ctx, func(ctx context.Context) error {
		return s.each(ctx, find, []any{pq.Array(schemas), pq.Array(plain)}, func(rows *sql.Rows) error {
			var of, oid int64
			var root bool
			if err := rows.Scan(&of, &oid, &root); err != nil {
				return err
			}
			if root {
				f.roots[of] = oid
			}
			f.members, f.of = append(f.members, oid), append(f.of, of)
			return nil
		})
	})
	var missing []string
	for i, oid := range f.roots {
		if oid == 0 {
			missing = append(missing, names[i])
		}
	}
	if len(missing) > 0 {
		s.unknown("not there now, so without a size: %s (the plan makes it, or it is outside of the search_path)", strings.Join(missing, ", "))
	}
	return f, err
}

// part is what the catalog says of one relation that holds rows.
type part struct {
	of      int64
	kind    string  // relkind
	rows    float64 // when they were counted last
	pages   int64   // at that time
	now     sql.NullInt64
	bytes   int64 // with TOAST
	indexes int64
	live    int64 // as the statistics count
	exact   bool  // the sizes are those of now
}

// figures asks for sizes. What looks at a relation's files takes an ACCESS
// SHARE lock for that moment, and would stand in the queue behind a migration
// that runs; so what somebody has locked, or wants to, is told from the pages
// that the last VACUUM or ANALYZE has counted.
const figures = `
WITH part AS (
	SELECT p.oid::oid AS oid, p.ord FROM unnest($1::bigint[], $2::bigint[]) AS p (oid, ord)
), taken AS (
	SELECT DISTINCT coalesce(i.indrelid, l.relation) AS oid FROM pg_locks l LEFT JOIN pg_index i ON i.indexrelid = l.relation
	WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid IS DISTINCT FROM pg_backend_pid()
	  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
), sized AS (
	SELECT c.*, part.ord, $3 AND NOT EXISTS (SELECT FROM taken WHERE taken.oid = c.oid) AS free, current_setting('block_size')::bigint AS block
	FROM part JOIN pg_class c ON c.oid = part.oid WHERE c.relkind IN ('r', 'p', 'm', 'f', 'i', 'I')
)
SELECT ord, relkind, reltuples::float8, relpages::bigint,
       CASE WHEN free THEN pg_relation_size(oid) / block END,
       coalesce(CASE WHEN free THEN pg_table_size(oid) END,
           (relpages + coalesce((SELECT sum(t.relpages) FROM pg_class t WHERE t.oid = s.reltoastrelid), 0)) * block)::bigint,
       coalesce(CASE WHEN free THEN pg_indexes_size(oid) END,
           (SELECT sum(x.relpages) * block FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = s.oid), 0)::bigint,
       pg_stat_get_live_tuples(oid), free
FROM sized s ORDER BY ord, oid`

// relations fills in sizes and writes.
func (s *surveying) relations(ctx context.Context, f found, live bool) error {
	var parts []part
	look := func(sizes bool) func(context.Context) error {
		return func(ctx context.Context) (err error) {
			parts, err = s.parts(ctx, f, sizes)
			return err
		}
	}
	err := s.soon(ctx, look(true))
	if code(err) == "55P03" || code(err) == "57014" { // somebody came between the look and the size
		err = s.soon(ctx, look(false))
	}
	if err != nil {
		return err
	}
	s.sum(f, parts)
	return s.writes(ctx, f, live)
}

func (s *surveying) parts(ctx context.Context, f found, sizes bool) (list []part, err error) {
	err = s.each(ctx, figures, []any{pq.Array(f.members), pq.Array(f.of), sizes}, func(rows *sql.Rows) error {
		var p part
		err := rows.Scan(&p.of, &p.kind, &p.rows, &p.pages, &p.now, &p.bytes, &p.indexes, &p.live, &p.exact)
		list = append(list, p)
		return err
	})
	return list, err
}

// sum adds the parts of each relation up.
func (s *surveying) sum(f found, parts []part) {
	var guessed []string
	for of, name := range f.names {
		own := slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return p.of != int64(of) })
		if len(own) == 0 {
			continue
		}
		r := plans.RelationFigures{Relation: name, WritesPerSecond: -1, Partitions: -1}
		rows, known, exact := 0.0, true, true
		for _, p := range own {
			if p.kind == "p" || p.kind == "I" { // it holds nothing itself
				r.Partitions = max(r.Partitions, 0)
				continue
			}
			r.Partitions++
			if p.kind == "i" {
				p.bytes, p.indexes = 0, p.bytes
			}
			r.Bytes, r.IndexBytes = r.Bytes+p.bytes, r.IndexBytes+p.indexes
			n := p.estimate()
			rows, known, exact = rows+n, known && n >= 0, exact && (p.exact || p.kind == "f")
		}
		r.Partitions, r.Rows = max(r.Partitions, 0), -1
		if known {
			r.Rows = roundRows(rows)
		}
		if !exact {
			guessed = append(guessed, name)
		}
		r.Bytes, r.IndexBytes = roundBytes(r.Bytes), roundBytes(r.IndexBytes)
		s.out.Relations = append(s.out.Relations, r)
	}
	if len(guessed) > 0 {
		s.unknown("size now: somebody has locked %s, so its size is that of the last VACUUM or ANALYZE", strings.Join(guessed, ", "))
	}
}

// estimate is the number of rows as the server's planner reckons it: those of
// the last count, as dense as then, on the pages of now. It is below zero when
// nobody has counted.
// Source: PostgreSQL sources, estimate_rel_size.
func (p part) estimate() float64 {
	pages := p.pages
	if p.now.Valid {
		pages = p.now.Int64
	}
	switch {
	case p.kind == "f":
		return p.rows
	case p.now.Valid && pages == 0:
		return 0
	case p.pages > 0 && p.rows >= 0:
		return p.rows / float64(p.pages) * float64(pages)
	case p.live > 0:
		return float64(p.live)
	default:
		return -1
	}
}

// written are the rows that were inserted, updated and deleted in each relation.
func (s *surveying) written(ctx context.Context, f found) (list []int64, err error) {
	list = slices.Repeat([]int64{-1}, len(f.names)) // indexes and views are not written to
	err = s.soon(ctx, func(ctx context.Context) error {
		return s.each(ctx, `
			SELECT p.ord, sum(pg_stat_get_tuples_inserted(p.oid::oid) + pg_stat_get_tuples_updated(p.oid::oid) + pg_stat_get_tuples_deleted(p.oid::oid))::bigint
			FROM unnest($1::bigint[], $2::bigint[]) AS p (oid, ord) JOIN pg_class c ON c.oid = p.oid::oid AND c.relkind IN ('r', 'p', 'm')
			GROUP BY p.ord`,
			[]any{pq.Array(f.members), pq.Array(f.of)}, func(rows *sql.Rows) error {
				var of, n int64
				err := rows.Scan(&of, &n)
				list[of] = n
				return err
			})
	})
	return list, err
}

// writes fills in the rows written per second: of all the time that the server
// has counted, or of the next second when that is not known or too short.
func (s *surveying) writes(ctx context.Context, f found, live bool) error {
	span := roundSpan(s.counted)
	if !s.counts || !s.out.Primary || len(s.out.Relations) == 0 {
		return nil
	}
	live = live || span == 0
	before := make([]int64, len(f.names))
	begun := time.Now()
	if live {
		var err error
		if before, err = s.written(ctx, f); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("count the writes of a second: %w", ctx.Err())
		case <-time.After(writesSpan):
		}
	}
	after, err := s.written(ctx, f)
	if err != nil {
		return err
	}
	over, rounded := s.counted, roundAverage
	if live {
		over, span, rounded = time.Since(begun), writesSpan, twoDigits
	}
	for i := range s.out.Relations {
		r := &s.out.Relations[i]
		of := slices.Index(f.names, r.Relation)
		if after[of] < 0 {
			continue
		}
		r.WritesPerSecond, r.WritesOver = rounded(float64(after[of]-before[of])/over.Seconds()), plans.Duration(span)
	}
	return nil
}

// each runs a query and hands over its rows.
func (s *surveying) each(ctx context.Context, query string, args []any, row func(*sql.Rows) error) error {
	rows, err := s.on.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
