package measure

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
)

// try runs each file as one query, with a row in every table, and asks what
// old code asks before and after.
func try(ctx context.Context, db *sql.DB, files []string, facts *Facts) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for i, text := range files {
		if _, err := trace.Seed(ctx, conn, trace.Options{}); err != nil {
			return err
		}
		p, err := newProbes(ctx, conn, i)
		if err != nil {
			return err
		}
		if err := send(ctx, conn, text); err != nil {
			return err
		}
		breaks, loses, err := p.ask(ctx)
		if err != nil {
			return err
		}
		facts.Breaks, facts.Loses = append(facts.Breaks, breaks...), append(facts.Loses, loses...)
	}
	return nil
}

// errOpen: PostgreSQL rolls back what is not committed when the session ends.
var errOpen = errors.New("a transaction is still open where the file ends, so that nothing of it stays")

// send runs a file as a migration tool does. Its settings are taken back.
func send(ctx context.Context, conn *sql.Conn, text string) error {
	if _, err := conn.ExecContext(ctx, text); err != nil {
		_, undone := conn.ExecContext(ctx, "ROLLBACK")
		return errors.Join(refusal{err}, undone)
	}
	var open bool
	if err := conn.QueryRowContext(ctx, "SELECT pg_current_xact_id_if_assigned() IS NOT NULL").Scan(&open); err != nil {
		return err
	}
	if open {
		return refusal{errOpen}
	}
	for _, s := range []string{"ROLLBACK", "RESET ALL"} { // of a BEGIN without an end that did nothing; else it only warns
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// probes are what old code does, and what it found.
type probes struct {
	conn   *sql.Conn
	file   int
	tables []probed
	others []string // queries about what is no table
}

type probed struct {
	name    string
	columns []string
	filled  int // rows
	place   string
}

// newProbes reads which relations there are, with their columns; generated
// ones are not written.
func newProbes(ctx context.Context, conn *sql.Conn, file int) (*probes, error) {
	p := &probes{conn: conn, file: file}
	if err := each(ctx, conn, relationsQuery, func(r *sql.Rows) error {
		var t probed
		err := r.Scan(&t.name, (*pq.StringArray)(&t.columns))
		p.tables = append(p.tables, t)
		return err
	}); err != nil {
		return nil, err
	}
	for i := range p.tables {
		t := &p.tables[i]
		if t.place, t.filled = p.state(ctx, t.name); t.filled > 0 {
			if _, err := conn.ExecContext(ctx, fmt.Sprintf("CREATE TEMP TABLE lockstep_probe_%d_%d AS TABLE %s", file, i, t.name)); err != nil {
				return nil, err
			}
		}
	}
	return p, each(ctx, conn, othersQuery, func(r *sql.Rows) error {
		var query string
		err := r.Scan(&query)
		p.others = append(p.others, query)
		return err
	})
}

const relationsQuery = `
SELECT format('%I.%I', n.nspname, c.relname),
       array_agg(quote_ident(a.attname) ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND n.nspname NOT LIKE 'pg_temp%' AND n.nspname NOT LIKE 'lockstep%'
GROUP BY 1 ORDER BY 1`

// othersQuery: labels of enums, sequences and domains, as queries. A schema without
// anything in it is nothing that code names.
const othersQuery = `
SELECT format('SELECT %L::%I.%I', e.enumlabel, n.nspname, t.typname)
FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace
UNION ALL
SELECT format('SELECT last_value FROM %I.%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND n.nspname !~ '^pg_'
UNION ALL
SELECT format('SELECT NULL::%I.%I', n.nspname, t.typname)
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'd' AND n.nspname !~ '^(pg_|information_schema)'
ORDER BY 1`

// state is where a relation's rows are, and how many; -1 when it is gone.
func (p *probes) state(ctx context.Context, name string) (place string, rows int) {
	query := fmt.Sprintf("SELECT coalesce(string_agg(ctid::text, ' '), ''), count(*) FROM %s", name)
	if err := p.conn.QueryRowContext(ctx, query).Scan(&place, &rows); err != nil {
		if err := p.conn.QueryRowContext(ctx, "SELECT '', count(*) FROM "+name).Scan(&place, &rows); err != nil {
			return "", -1
		}
	}
	return place, rows
}

// ask asks again.
func (p *probes) ask(ctx context.Context) (breaks, loses []string, err error) {
	for i, t := range p.tables {
		place, rows := p.state(ctx, t.name)
		switch {
		case rows < 0:
			breaks = append(breaks, t.name+" cannot be read")
			continue
		case rows < t.filled:
			loses = append(loses, t.name+" has lost rows")
		case place != t.place:
			loses = append(loses, "every row of "+t.name+" was written")
		}
		for _, c := range t.columns {
			if !p.runs(ctx, fmt.Sprintf("SELECT %s FROM %s", c, t.name)) {
				breaks = append(breaks, t.name+"."+c+" cannot be read")
			}
		}
		if t.filled > 0 && !p.writes(ctx, i) {
			breaks = append(breaks, "the row that was in "+t.name+" cannot be written")
		}
	}
	for _, q := range p.others {
		if !p.runs(ctx, q) {
			breaks = append(breaks, q+" fails")
		}
	}
	return breaks, loses, nil
}

func (p *probes) runs(ctx context.Context, query string) bool {
	_, err := p.conn.ExecContext(ctx, query)
	return err == nil
}

// writes reports whether the row that a table had can be inserted into it.
// Views and partitions are not tried.
func (p *probes) writes(ctx context.Context, i int) bool {
	t := p.tables[i]
	if len(t.columns) == 0 {
		return true
	}
	columns := strings.Join(t.columns, ", ")
	insert := fmt.Sprintf("INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM lockstep_probe_%d_%d",
		t.name, columns, columns, p.file, i)
	var table bool
	if err := p.conn.QueryRowContext(ctx, "SELECT relkind IN ('r', 'p') FROM pg_class WHERE oid = $1::regclass", t.name).Scan(&table); err != nil || !table {
		return true
	}
	written := p.runs(ctx, "BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM "+t.name+"; "+insert)
	return p.runs(ctx, "ROLLBACK") && written
}
