package queries

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"
)

// ErrNoStatistics is wrapped when the server keeps no statistics of
// statements that this role could read.
var ErrNoStatistics = errors.New("no statement statistics")

// readTimeout bounds each read of a target's statistics.
const readTimeout = "10s"

// FromStatistics reads pg_stat_statements of the database that conn is
// connected to, in a read-only transaction. It takes every version of the
// extension from 1.6 on (PostgreSQL 11) in whatever schema it is.
// Source: the manual's page on pg_stat_statements.
func FromStatistics(ctx context.Context, conn *sql.Conn) (Workload, error) {
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return Workload{}, fmt.Errorf("read pg_stat_statements: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // it has only read
	if _, err := tx.ExecContext(ctx, "SET LOCAL statement_timeout = '"+readTimeout+"'; SET LOCAL lock_timeout = '1s'"); err != nil {
		return Workload{}, fmt.Errorf("read pg_stat_statements: %w", err)
	}
	view, err := findStatistics(ctx, tx)
	if err != nil {
		return Workload{}, err
	}
	w, err := view.workload(ctx, tx)
	if failed := pq.As(err, "55000"); failed != nil {
		return Workload{}, fmt.Errorf("%w: %s; add pg_stat_statements to shared_preload_libraries and restart the server, or give a folder of queries", ErrNoStatistics, failed.Message)
	}
	if err != nil {
		return Workload{}, fmt.Errorf("read pg_stat_statements: %w", err)
	}
	return w, nil
}

// statistics is the extension's view as this server has it.
type statistics struct {
	schema  string
	columns []string
	hasInfo bool // pg_stat_statements_info, since 1.9
}

func findStatistics(ctx context.Context, tx *sql.Tx) (statistics, error) {
	var s statistics
	err := tx.QueryRowContext(ctx, `
		SELECT n.nspname,
			to_regclass(format('%I.pg_stat_statements_info', n.nspname)) IS NOT NULL,
			ARRAY(SELECT attname::text FROM pg_attribute
				WHERE attrelid = to_regclass(format('%I.pg_stat_statements', n.nspname)) AND attnum > 0 AND NOT attisdropped)
		FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
		WHERE e.extname = 'pg_stat_statements'`).Scan(&s.schema, &s.hasInfo, pq.Array(&s.columns))
	if errors.Is(err, sql.ErrNoRows) {
		return s, fmt.Errorf("%w: this database does not have the extension pg_stat_statements; run CREATE EXTENSION pg_stat_statements in it, or give a folder of queries", ErrNoStatistics)
	}
	if err != nil {
		return s, fmt.Errorf("find pg_stat_statements: %w", err)
	}
	return s, nil
}

// column picks what this version has, or the expression that stands for it.
func (s statistics) column(otherwise string, names ...string) string {
	for _, name := range names {
		if slices.Contains(s.columns, name) {
			return "s." + name
		}
	}
	return otherwise
}

func (s statistics) query() string {
	reset, forgotten := "NULL::timestamptz", "0"
	if s.hasInfo {
		info := pq.QuoteIdentifier(s.schema) + ".pg_stat_statements_info"
		reset, forgotten = "(SELECT stats_reset FROM "+info+")", "(SELECT dealloc FROM "+info+")"
	}
	since := "greatest(" + s.column("NULL::timestamptz", "stats_since") + ", " + reset + ")"
	return `SELECT s.queryid IS NULL OR s.query IS NULL OR s.query = '<insufficient privilege>',
			coalesce(s.queryid::text, ''), coalesce(s.query, ''), s.calls,
			` + s.column("0", "total_exec_time", "total_time") + `,
			NOT ` + s.column("true", "toplevel") + `,
			coalesce(extract(epoch FROM clock_timestamp() - ` + since + `) / 86400, 0)::float8,
			coalesce(extract(epoch FROM clock_timestamp() - ` + reset + `) / 86400, 0)::float8,
			` + forgotten + `::bigint, coalesce(r.rolname::text, ''),
			coalesce((SELECT substr(c, length('search_path=') + 1)
				FROM pg_db_role_setting d, unnest(d.setconfig) c
				WHERE d.setdatabase IN (0, s.dbid) AND d.setrole IN (0, s.userid) AND c LIKE 'search\_path=%'
				ORDER BY d.setrole = 0, d.setdatabase = 0 LIMIT 1), '')
		FROM ` + pq.QuoteIdentifier(s.schema) + `.pg_stat_statements s LEFT JOIN pg_roles r ON r.oid = s.userid
		WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
		ORDER BY 5 DESC, 2`
}

func (s statistics) workload(ctx context.Context, tx *sql.Tx) (Workload, error) {
	rows, err := tx.QueryContext(ctx, s.query())
	if err != nil {
		return Workload{}, err
	}
	defer rows.Close()
	g := gathering{Workload: Workload{Seen: Seen{Source: "pg_stat_statements"}}, place: map[string]int{}}
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return Workload{}, err
		}
		g.add(e)
	}
	g.Seen.Statements = len(g.Statements)
	if err := rows.Err(); err != nil {
		return Workload{}, err
	}
	err = tx.QueryRowContext(ctx, "SELECT coalesce(current_setting('pg_stat_statements.track_utility', true), 'on') <> 'on'").Scan(&g.Seen.Unheard)
	return g.Workload, err
}

// entry is one row of the statistics.
type entry struct {
	hidden       bool
	id, text     string
	milliseconds float64
	nested       bool
	usage        Usage
	resetDays    float64
	forgotten    int64
	user, path   string
}

func scanEntry(rows *sql.Rows) (entry, error) {
	var e entry
	err := rows.Scan(&e.hidden, &e.id, &e.text, &e.usage.Calls, &e.milliseconds, &e.nested,
		&e.usage.Days, &e.resetDays, &e.forgotten, &e.user, &e.path)
	e.usage.Time = time.Duration(e.milliseconds * float64(time.Millisecond))
	return e, err
}

// gathering joins the entries of users that run the same text.
type gathering struct {
	Workload
	place map[string]int
}

func (g *gathering) add(e entry) {
	g.Seen.Days, g.Seen.Forgotten = max(g.Seen.Days, e.resetDays, e.usage.Days), e.forgotten
	if e.hidden {
		g.Seen.Hidden++
		g.Seen.HiddenCalls += e.usage.Calls
		return
	}
	text, ok := query(e.text)
	if !ok || bookkeeping(text) {
		g.Seen.LeftOut++
		if !ok {
			g.Seen.Commands = append(g.Seen.Commands, withoutLiterals(e.text, false))
		}
		return
	}
	text = withoutLiterals(text, text != strings.TrimSpace(e.text))
	g.Seen.Calls += e.usage.Calls
	s := Statement{
		SQL: text, Name: e.id, SearchPath: settingOf(e.path, e.user), Nested: e.nested,
		Users: []string{e.user}, Usage: e.usage,
	}
	key := fmt.Sprint(s.SQL, "\x00", s.SearchPath, "\x00", s.Nested)
	if i, known := g.place[key]; known {
		g.Statements[i] = g.Statements[i].and(s)
		return
	}
	g.place[key] = len(g.Statements)
	g.Statements = append(g.Statements, s)
}

// settingOf spells a stored search_path as SET takes it on another server,
// where "$user" is another user.
func settingOf(path, user string) string {
	return strings.ReplaceAll(path, `"$user"`, pq.QuoteIdentifier(user))
}

// and adds what another user ran.
func (s Statement) and(other Statement) Statement {
	for _, user := range other.Users {
		if !slices.Contains(s.Users, user) {
			s.Users = append(s.Users, user)
		}
	}
	s.Usage.Calls += other.Usage.Calls
	s.Usage.Time += other.Usage.Time
	s.Usage.Days = max(s.Usage.Days, other.Usage.Days)
	return s
}
