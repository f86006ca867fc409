package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Querier runs queries: a *sql.Tx, or a *sql.Conn with a transaction open.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// ErrNoTransaction says that Read was called outside of a transaction.
var ErrNoTransaction = errors.New("read the catalog: outside of a transaction; begin one (REPEATABLE READ, so that all is of one moment) and read in it")

// Read takes a snapshot. All queries must see one moment, so q is within a
// REPEATABLE READ transaction, which Read neither begins nor ends. The tables
// named in omit, spelled as SQL spells them and found along the search path,
// are left out: the migration tool's own.
//
// Its queries are for PostgreSQL 12 to 18 and for any role that may connect: the catalogs
// it reads are open to all.
func Read(ctx context.Context, q Querier, omit ...string) (Snapshot, error) {
	r := &reader{ctx: ctx, q: q, at: map[string]int{}}
	if err := r.begin(omit); err != nil {
		return Snapshot{}, err
	}
	for _, query := range queries() {
		if err := r.objects(query); err != nil {
			return Snapshot{}, err
		}
	}
	if err := r.dependencies(); err != nil {
		return Snapshot{}, err
	}
	database, err := r.text(`SELECT system_identifier || '/' || oid FROM pg_control_system(), pg_database WHERE datname = current_database()`)
	if err != nil {
		return Snapshot{}, err
	}
	return Snapshot{Server: r.version, Objects: r.found, database: database}, r.end()
}

// ReadAt takes a snapshot in a transaction of its own, which writes nothing.
func ReadAt(ctx context.Context, conn *sql.Conn, omit ...string) (Snapshot, error) {
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return Snapshot{}, err
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	return Read(ctx, tx, omit...)
}

// query reads the objects of one kind. Its first three columns are the
// object's address in pg_depend, its name and what it is on; all others are
// attributes called as the column is, left out where NULL.
type query struct {
	kind  Kind
	since int // the first major version that has it; 0: all
	sql   string
}

type reader struct {
	ctx     context.Context
	q       Querier
	version int
	path    string // search_path as it was
	omitted string // oids, comma-separated

	found []Object
	at    map[string]int // place in found by address in pg_depend
}

// begin makes every name come out qualified: an empty search path, until the
// transaction ends or end is called.
func (r *reader) begin(omit []string) error {
	oids := []string{"0"}
	for _, table := range omit {
		oid, err := r.text(`SELECT coalesce(to_regclass($1)::oid, 0)::text`, table)
		if err != nil {
			return err
		}
		oids = append(oids, oid)
	}
	r.omitted = strings.Join(oids, ", ")
	version, err := r.text(`SELECT current_setting('server_version_num')`)
	if err != nil {
		return err
	}
	if r.version, err = strconv.Atoi(version); err != nil {
		return fmt.Errorf("read the catalog: server_version_num is %q, a number was expected", version)
	}
	if r.path, err = r.text(`SELECT current_setting('search_path')`); err != nil {
		return err
	}
	if _, err := r.text(`SELECT set_config('search_path', '', true)`); err != nil {
		return err
	}
	now, err := r.text(`SELECT current_setting('search_path')`)
	if err == nil && now != "" {
		return ErrNoTransaction
	}
	return err
}

func (r *reader) end() error {
	_, err := r.text(`SELECT set_config('search_path', $1, true)`, r.path)
	return err
}

func (r *reader) text(query string, args ...any) (text string, err error) {
	err = r.rows(query, args, func(values []sql.NullString, _ []string) { text = values[0].String })
	return text, err
}

// rows hands every row of a query to use, as text.
func (r *reader) rows(query string, args []any, use func(values []sql.NullString, columns []string)) error {
	rows, err := r.q.QueryContext(r.ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read the catalog: %w", err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("read the catalog: %w", err)
	}
	values := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read the catalog: %w", err)
		}
		use(values, columns)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the catalog: %w", err)
	}
	return nil
}

func (r *reader) objects(query query) error {
	if r.version/10000 < query.since {
		return nil
	}
	err := r.rows(r.expand(query.sql), nil, func(values []sql.NullString, columns []string) {
		o := Object{Kind: query.kind, Name: values[1].String, On: values[2].String, id: values[0].String}
		for i := 3; i < len(values); i++ {
			if values[i].Valid {
				o.Attributes = append(o.Attributes, Attribute{columns[i], stable(values[i].String)})
			}
		}
		r.at[values[0].String] = len(r.found)
		r.found = append(r.found, o)
	})
	if err != nil {
		return fmt.Errorf("kind %s: %w", query.kind, err)
	}
	return nil
}
