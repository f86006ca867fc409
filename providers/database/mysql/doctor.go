package mysql

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/internal/doctor"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// examination collects what doctor judges. A question that the user may not
// ask leaves its answer empty.
type examination struct {
	on     *connection
	target database.Target
	server server
	facts  doctor.MySQL
}

// CheckUp implements database.HealthExaminer.
func (kind) CheckUp(ctx context.Context, target database.Target) (signs []doctor.Sign, err error) {
	c, err := connect(ctx, target.URL, "lockstep/doctor")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	e := &examination{on: c, target: target}
	if err := e.figures(ctx); err != nil {
		return nil, fmt.Errorf("look at the server: %w", err)
	}
	if e.server, err = inquire(ctx, c); err != nil {
		e.facts.Refused = err.Error()
		return doctor.JudgeMySQL(e.facts)[:1], nil
	}
	for _, look := range []func(context.Context) error{e.rights, e.schema, e.engines, e.locks, e.activity, e.long} {
		if err := look(ctx); err != nil && !mayNot(err) {
			return nil, fmt.Errorf("look at the server: %w", err)
		}
	}
	return doctor.JudgeMySQL(e.facts), nil
}

// mayNot: the server does not answer this user, or has no such table.
func mayNot(err error) bool {
	switch number(err) {
	case 1044, 1109, 1142, 1143, 1146, 1227, 1370:
		return true
	default:
		return false
	}
}

func (e *examination) figures(ctx context.Context) error {
	f := &e.facts
	asked := time.Now()
	var now float64
	if err := e.on.QueryRowContext(ctx, `SELECT UNIX_TIMESTAMP(NOW(6))`).Scan(&now); err != nil {
		return err
	}
	trip := time.Since(asked)
	f.SkewError = trip / 2
	f.Skew = time.UnixMicro(int64(now * 1e6)).Sub(asked.Add(trip / 2))
	return e.on.QueryRowContext(ctx, `
		SELECT VERSION(), COALESCE(DATABASE(), ''), CURRENT_USER(), @@GLOBAL.read_only, @@GLOBAL.innodb_flush_log_at_trx_commit = 1, @@GLOBAL.max_connections,
		       (SELECT CAST(COALESCE(SUM(data_length + index_length), 0) AS SIGNED) FROM information_schema.tables WHERE table_schema = DATABASE())`).
		Scan(&f.Version, &f.Database, &f.User, &f.ReadOnly, &f.Durable, &f.Connections.Max, &f.Size)
}

// rights are those of the user itself: what roles give is not shown there.
func (e *examination) rights(ctx context.Context) (err error) {
	const own = ` WHERE grantee = CONCAT('''', SUBSTRING_INDEX(CURRENT_USER(), '@', 1), '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')`
	if e.facts.Rights, err = e.list(ctx, `SELECT privilege_type FROM information_schema.user_privileges`+own+
		` UNION SELECT privilege_type FROM information_schema.schema_privileges`+own+` AND DATABASE() LIKE table_schema`); err != nil {
		return err
	}
	roles, err := e.list(ctx, `SELECT role_name FROM information_schema.applicable_roles`)
	e.facts.Roles = len(roles) > 0
	return err
}

func (e *examination) schema(ctx context.Context) error {
	s := &e.facts.Schema
	s.VersionTable = e.target.Table
	state, err := readState(ctx, e.on, e.target.Table)
	other, ok := errors.AsType[*database.OtherToolError](err)
	switch {
	case ok:
		s.ForeignTable = other.Error()
		return nil
	case mayNot(err):
		s.Forbidden = true
	}
	s.State, s.Dirty = state.Words(), state.Dirty
	s.Unrecorded = err == nil && state.Unrecorded()
	return err
}

func (e *examination) engines(ctx context.Context) (err error) {
	e.facts.Schema.NoRollback, err = e.list(ctx, `SELECT CONCAT(table_name, ' (', engine, ')') FROM information_schema.tables
		WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND engine IN
		(SELECT engine FROM information_schema.engines WHERE transactions = 'NO') ORDER BY 1`)
	return err
}

func (e *examination) locks(ctx context.Context) error {
	var err error
	e.facts.Holder, err = e.on.migrating(ctx, e.target.Table)
	return err
}

// activity is how busy the server is, and what it can tell of that.
func (e *examination) activity(ctx context.Context) error {
	var shows string
	err := e.on.QueryRowContext(ctx, `SELECT COALESCE(MAX(enabled), 'NO') FROM performance_schema.setup_instruments
		WHERE name = 'wait/lock/metadata/sql/mdl' AND @@GLOBAL.performance_schema`).Scan(&shows)
	if err != nil && !mayNot(err) {
		return err
	}
	e.facts.ShowsLocks = shows == "YES"
	var name string // the list of connections shows a user its own alone
	if err := e.on.QueryRowContext(ctx, `SHOW GLOBAL STATUS LIKE 'Threads_connected'`).Scan(&name, &e.facts.Connections.Used); err != nil {
		return err
	}
	return e.on.QueryRowContext(ctx, `SELECT COUNT(*) FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'`).Scan(&e.facts.Replicas)
}

func (e *examination) long(ctx context.Context) error {
	rows, err := e.on.QueryContext(ctx, `
		SELECT p.id, p.user, LOWER(p.command), LEFT(COALESCE(p.info, ''), 60), TIMESTAMPDIFF(SECOND, t.trx_started, NOW())
		FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
		WHERE p.id <> CONNECTION_ID() AND t.trx_started < NOW() - INTERVAL 1 MINUTE ORDER BY t.trx_started LIMIT 5`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var b doctor.Backend
		var age int64
		if err := rows.Scan(&b.PID, &b.User, &b.State, &b.Query, &age); err != nil {
			return err
		}
		b.Age = time.Duration(age) * time.Second
		e.facts.Long = append(e.facts.Long, b)
	}
	e.facts.SeesActivity = rows.Err() == nil
	return rows.Err()
}

func (e *examination) list(ctx context.Context, query string) ([]string, error) {
	rows, err := e.on.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, rows.Err()
}
