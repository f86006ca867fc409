package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/lockstep-dev/lockstep/internal/doctor"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// each runs a query and hands over its rows.
func (e *examination) each(ctx context.Context, query string, row func(*sql.Rows) error) error {
	rows, err := e.on.QueryContext(ctx, query)
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

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func (e *examination) long(ctx context.Context) error {
	// What the role may not see has no state.
	if err := e.row(ctx, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state IS NULL`,
		&e.facts.Activity.Hidden); err != nil {
		return err
	}
	return e.each(ctx, `
		SELECT pid, coalesce(usename, ''), coalesce(application_name, ''), coalesce(state, ''),
		       left(regexp_replace(coalesce(query, ''), '\s+', ' ', 'g'), 60), extract(epoch FROM clock_timestamp() - xact_start)::float8
		FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
		  AND clock_timestamp() - xact_start > interval '1 minute'
		ORDER BY xact_start LIMIT 5`, func(rows *sql.Rows) error {
		var b doctor.Backend
		var age float64
		err := rows.Scan(&b.PID, &b.User, &b.Application, &b.State, &b.Query, &age)
		b.Age = seconds(age)
		e.facts.Activity.Long = append(e.facts.Activity.Long, b)
		return err
	})
}

func (e *examination) prepared(ctx context.Context) error {
	return e.each(ctx, `SELECT gid, owner, extract(epoch FROM clock_timestamp() - prepared)::float8 FROM pg_prepared_xacts
		WHERE database = current_database() ORDER BY prepared LIMIT 5`, func(rows *sql.Rows) error {
		var p doctor.Prepared
		var age float64
		err := rows.Scan(&p.ID, &p.Owner, &age)
		p.Age = seconds(age)
		e.facts.Activity.Prepared = append(e.facts.Activity.Prepared, p)
		return err
	})
}

func (e *examination) slots(ctx context.Context) error {
	if e.facts.Standby {
		return nil
	}
	return e.each(ctx, `SELECT slot_name, active, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint
		FROM pg_replication_slots ORDER BY 3 DESC LIMIT 5`, func(rows *sql.Rows) error {
		var s doctor.Slot
		err := rows.Scan(&s.Name, &s.Active, &s.Retained)
		e.facts.Activity.Slots = append(e.facts.Activity.Slots, s)
		return err
	})
}

func (e *examination) replicas(ctx context.Context) error {
	if e.facts.Standby || !e.facts.Rights.SeesActivity {
		return nil
	}
	return e.each(ctx, `
		SELECT coalesce(nullif(application_name, ''), client_addr::text, 'unnamed'), coalesce(state, ''),
		       coalesce(extract(epoch FROM replay_lag), 0)::float8, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), 0)::bigint
		FROM pg_stat_replication ORDER BY 1`, func(rows *sql.Rows) error {
		var r doctor.Replica
		var lag float64
		err := rows.Scan(&r.Name, &r.State, &lag, &r.Behind)
		r.Lag = seconds(lag)
		e.facts.Replicas = append(e.facts.Replicas, r)
		return err
	})
}

func (e *examination) connections(ctx context.Context) error {
	c := &e.facts.Connections
	return e.row(ctx, `SELECT current_setting('max_connections')::int, current_setting('superuser_reserved_connections')::int,
		(SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL OR backend_type = 'client backend')`, &c.Max, &c.Reserved, &c.Used)
}

func (e *examination) settings(ctx context.Context) error {
	e.facts.Settings = map[string]string{}
	return e.each(ctx, `SELECT name, current_setting(name) FROM pg_settings WHERE name IN ('lock_timeout', 'statement_timeout',
		'idle_in_transaction_session_timeout', 'synchronous_commit', 'default_transaction_read_only')`, func(rows *sql.Rows) error {
		var name, value string
		err := rows.Scan(&name, &value)
		e.facts.Settings[name] = value
		return err
	})
}

func (e *examination) storage(ctx context.Context) error {
	s := &e.facts.Storage
	s.WAL, s.Free = -1, -1
	if err := e.row(ctx, `SELECT pg_database_size(current_database())`, &s.Database); err != nil {
		return err
	}
	var folder sql.NullString
	if err := e.row(ctx, `SELECT setting FROM pg_settings WHERE name = 'data_directory'`, &folder); err == nil && isLocal(e.target.URL) {
		s.Free = database.FreeBytes(folder.String)
	}
	if err := e.row(ctx, `SELECT coalesce(sum(size), 0)::bigint FROM pg_ls_waldir()`, &s.WAL); err != nil {
		s.WAL = -1
		return err
	}
	return nil
}

func (e *examination) statements(ctx context.Context) error {
	s := &e.facts.Statements
	var name sql.NullString
	if err := e.row(ctx, `SELECT (SELECT format('%I.pg_stat_statements', n.nspname) FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace
		WHERE x.extname = 'pg_stat_statements')`, &name); err != nil || !name.Valid {
		return err
	}
	s.Installed = true
	s.Readable = e.row(ctx, `SELECT count(*) FROM (SELECT FROM `+name.String+` LIMIT 1) x`, new(int)) == nil && e.facts.Rights.SeesActivity
	return nil
}
