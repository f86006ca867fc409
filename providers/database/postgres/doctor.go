package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/doctor"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// examination collects what doctor judges. A question that the role may not
// ask leaves its answer empty.
type examination struct {
	on     *connection
	target database.Target
	facts  doctor.Postgres
}

// CheckUp implements database.HealthExaminer.
func (driver) CheckUp(ctx context.Context, target database.Target) (signs []doctor.Sign, err error) {
	c, err := connect(ctx, target.URL, "lockstep/doctor")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	e := &examination{on: c, target: target}
	e.facts.Pooled, e.facts.Lock = c.pooled, target.Lock
	if err := e.server(ctx); err != nil {
		return nil, err
	}
	if e.facts.VersionNumber < doctor.OldestPostgres*10000 {
		return doctor.JudgePostgres(e.facts)[:1], nil
	}
	if err := e.settings(ctx); err != nil { // before a look sets its own
		return nil, fmt.Errorf("look at the server: %w", err)
	}
	for _, look := range []func(context.Context) error{
		e.rights, e.schema, e.flaws, e.locks, e.long, e.prepared, e.slots, e.replicas, e.connections, e.storage, e.statements, e.pooledTarget,
	} {
		if err := e.soon(ctx, look); err != nil {
			return nil, fmt.Errorf("look at the server: %w", err)
		}
	}
	return doctor.JudgePostgres(e.facts), nil
}

// soon asks in a transaction that writes nothing and is over soon: an answer
// can be behind somebody's lock. A pooler lets through what is set in it.
func (e *examination) soon(ctx context.Context, look func(context.Context) error) error {
	if _, err := e.on.ExecContext(ctx, `BEGIN READ ONLY; SET LOCAL statement_timeout = '3s'`); err != nil {
		return e.on.statementPooling(err)
	}
	err := look(ctx)
	if mayNot(err) {
		err = nil
	}
	_, undoErr := e.on.ExecContext(ctx, `ROLLBACK`)
	return errors.Join(err, undoErr)
}

// mayNot reports whether the server does not answer this role, or not now.
func mayNot(err error) bool {
	switch code(err) {
	case "42501", "55000", "0A000", "57014":
		return true
	default:
		return false
	}
}

func (e *examination) row(ctx context.Context, query string, into ...any) error {
	return e.on.QueryRowContext(ctx, query).Scan(into...)
}

func (e *examination) server(ctx context.Context) error {
	f := &e.facts
	var now float64
	asked := time.Now()
	err := e.row(ctx, `SELECT current_setting('server_version'), current_setting('server_version_num')::int, current_database(), current_user,
		pg_is_in_recovery(), extract(epoch FROM clock_timestamp())::float8`,
		&f.Version, &f.VersionNumber, &f.Database, &f.User, &f.Standby, &now)
	if err != nil {
		return fmt.Errorf("look at the server: %w", err)
	}
	trip := time.Since(asked)
	f.SkewError = trip / 2
	f.Skew = time.UnixMicro(int64(now * 1e6)).Sub(asked.Add(trip / 2))
	return nil
}

// userTables are the tables that are not the server's, Lockstep's or an
// extension's.
const userTables = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'lockstep'
	  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`

// historyTable finds lockstep.history in the catalog: its name alone is an
// error for a role that may not use the schema.
const historyTable = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'lockstep' AND c.relname = 'history'`

func (e *examination) rights(ctx context.Context) error {
	r := &e.facts.Rights
	err := e.row(ctx, `
		SELECT has_database_privilege(current_database(), 'CREATE'), coalesce(current_schema(), ''),
		       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false), EXISTS (SELECT FROM `+historyTable+`),
		       pg_has_role('pg_read_all_stats', 'USAGE'),
		       pg_has_role('pg_signal_backend', 'USAGE') OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)`,
		&r.CreateInDatabase, &r.SchemaName, &r.CreateInSchema, &r.HasBooks, &r.SeesActivity, &r.EndsBackends)
	if err != nil {
		return err
	}
	if r.HasBooks {
		err := e.row(ctx, `SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'DELETE')
			FROM `+historyTable, &r.WritesBooks)
		if err != nil {
			return err
		}
	}
	return e.row(ctx, `
		SELECT count(*), count(*) FILTER (WHERE NOT pg_has_role(c.relowner, 'USAGE')),
		       coalesce((array_agg(c.oid::regclass::text ORDER BY c.oid) FILTER (WHERE NOT pg_has_role(c.relowner, 'USAGE')))[1:3], '{}')
		FROM `+userTables+` AND c.relkind IN ('r', 'p')`, &r.Tables, &r.NotOwnedCount, pq.Array(&r.NotOwned))
}

func (e *examination) schema(ctx context.Context) error {
	s := &e.facts.Schema
	s.VersionTable, s.Unread = e.target.Table, true
	state, err := readState(ctx, e.on, e.target.Table)
	switch {
	case err != nil && (code(err) != "" || ctx.Err() != nil):
		s.Forbidden = code(err) == "42501"
		return err
	case err != nil:
		s.ForeignTable = err.Error()
	}
	s.State, s.Dirty, s.Unread = state.Words(), state.Dirty, false
	s.Unrecorded = s.ForeignTable == "" && state.Unrecorded()
	return nil
}

func (e *examination) flaws(ctx context.Context) error {
	s := &e.facts.Schema
	if err := e.row(ctx, `SELECT coalesce(array_agg(i.indexrelid::regclass::text ORDER BY 1), '{}') FROM pg_index i
		WHERE NOT i.indisvalid AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
		  AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = i.indexrelid AND c.relkind = 'I')`,
		pq.Array(&s.InvalidIndex)); err != nil {
		return err
	}
	return e.row(ctx, `SELECT coalesce(array_agg(format('%s on %s', conname, conrelid::regclass) ORDER BY 1), '{}') FROM pg_constraint
		WHERE NOT convalidated AND conrelid <> 0`, pq.Array(&s.NotValidated))
}

func (e *examination) locks(ctx context.Context) error {
	a := &e.facts.Activity
	s := &session{guard: e.on, job: database.Job{Target: e.target}}
	keys := lockKeys(e.facts.Database, e.facts.Rights.SchemaName, e.target.Table)
	var held sql.NullString
	if err := e.on.QueryRowContext(ctx, holderQuery, pq.Array(keys)).Scan(&held); err != nil {
		return err
	}
	a.Holders = held.String
	var err error
	a.Lease, err = s.leased(ctx, leaseName(e.facts.Rights.SchemaName, e.target.Table))
	return err
}

// pooledTarget compares what url and direct_url lead to.
func (e *examination) pooledTarget(ctx context.Context) (err error) {
	if e.target.PooledURL == "" {
		return nil
	}
	here, err := identify(ctx, e.on)
	if err != nil {
		return err
	}
	c, err := connect(ctx, e.target.PooledURL, "lockstep/doctor")
	if err != nil {
		e.facts.OtherTarget = "url cannot be reached: " + database.HideURL(e.target.PooledURL, err).Error()
		return nil
	}
	defer func() { err = errors.Join(err, c.close()) }()
	there, err := identify(ctx, c)
	if err == nil && here != there {
		e.facts.OtherTarget = fmt.Sprintf("direct_url leads to %s, url to %s", here, there)
	}
	return err
}

// isLocal reports whether the server runs on this machine: then its disk can
// be looked at.
func isLocal(dsn string) bool {
	u, err := url.Parse(dsn)
	if err != nil {
		return false
	}
	host := u.Query().Get("host")
	if host == "" {
		host = u.Hostname()
	}
	return strings.HasPrefix(host, "/")
}
