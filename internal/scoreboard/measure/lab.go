package measure

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"

	_ "github.com/lib/pq" // the driver of every database here

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

// Lab is a throw-away server on which cases are run, each in databases of its
// own. It may be used by many at once.
type Lab struct {
	server  *pgtest.Server
	admin   *sql.DB
	major   int
	builtin map[string]bool // names of PostgreSQL's own functions
	counter atomic.Int64
}

// Open starts the server. The caller closes the lab.
func Open(ctx context.Context) (*Lab, error) {
	server, err := pgtest.Start(pgtest.Options{Settings: map[string]string{"max_connections": "40", "lc_messages": "C", "TimeZone": "Europe/Berlin"}})
	if err != nil {
		return nil, err
	}
	l := &Lab{server: server}
	if l.admin, err = sql.Open("postgres", server.URL("postgres")); err == nil {
		err = l.admin.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int / 10000").Scan(&l.major)
	}
	if err == nil {
		l.builtin, err = functions(ctx, l.admin)
	}
	if err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	return l, nil
}

func functions(ctx context.Context, db *sql.DB) (map[string]bool, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	names := map[string]bool{}
	return names, each(ctx, conn, "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace", func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		names[name] = true
		return err
	})
}

// Close stops the server and deletes what it held.
func (l *Lab) Close() error { return errors.Join(l.admin.Close(), l.server.Stop()) }

// Major is the server's major version.
func (l *Lab) Major() int { return l.major }

// Case is what is measured.
type Case struct {
	// Before has been applied when Files come, one after the other.
	Before, Files []string
}

// types are what columns of which nothing is known are tried as, in this
// order. Those that are named like keys may have a type of their own.
func types() [][2]string {
	return [][2]string{
		{"int", "int"},
		{"text", "text"},
		{"text", "int"},
		{"boolean", "int"},
		{"timestamptz", "int"},
		{"jsonb", "int"},
		{"int4range", "int"},
		{"uuid", "uuid"},
		{"numeric", "numeric"},
	}
}

// Measure runs a case. What the files need is made with columns of one type
// after the other until they run. The error is of the lab, not of the case.
func (l *Lab) Measure(ctx context.Context, c Case) (Facts, error) {
	var files [][]pgsyntax.Statement
	for _, text := range c.Files {
		list, err := pgsyntax.Read([]byte(text))
		if err != nil {
			return Facts{Unsettled: "its text is not SQL: " + err.Error(), Server: l.major}, nil
		}
		files = append(files, list)
	}
	var first Facts
	for i, t := range types() {
		w := newWorld(t[0], t[1])
		w.builtin = l.builtin
		if len(c.Before) == 0 {
			needs(w, files)
		}
		facts, err := l.attempt(ctx, trial{Case: c, files: files, world: w})
		if err != nil || facts.Unsettled == "" {
			return facts, err
		}
		if i == 0 {
			first = facts
		}
	}
	return first, nil
}

// trial is a case with a world to run it in.
type trial struct {
	Case

	files [][]pgsyntax.Statement
	world *world
}

const mendings = 8

// attempt runs a case, and again for each thing that the server says is not
// there.
func (l *Lab) attempt(ctx context.Context, t trial) (Facts, error) {
	var facts Facts
	for range mendings {
		refused, err := l.inDatabase(ctx, t, func(db *sql.DB) (err error) {
			facts, err = watch(ctx, db, t.files)
			return err
		})
		facts.Server = l.major
		switch {
		case err != nil:
			return Facts{}, err
		case refused == nil:
			return facts, l.outcome(ctx, t, &facts)
		case t.world.mend(refused):
		case always(refused), len(t.Before) > 0:
			facts.Fails = refused.Error()
			return facts, nil
		default:
			return Facts{Unsettled: refused.Error(), Server: l.major}, nil
		}
	}
	return Facts{Unsettled: "it lacks more than can be made", Server: l.major}, nil
}

// outcome runs the files once more, with a row in every table, each file as
// one query as migration tools send it.
func (l *Lab) outcome(ctx context.Context, t trial, facts *Facts) error {
	refused, err := l.inDatabase(ctx, t, func(db *sql.DB) error { return try(ctx, db, t.Files, facts) })
	if refused != nil {
		facts.Fails = refused.Error()
	}
	return err
}

// refusal is the server's answer to a case, which is no fault of the lab.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// inDatabase makes a database with the world, and hands it over.
func (l *Lab) inDatabase(ctx context.Context, t trial, use func(*sql.DB) error) (refused, err error) {
	name := fmt.Sprintf("case_%d", l.counter.Add(1))
	if _, err := l.admin.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return nil, err
	}
	db, err := sql.Open("postgres", l.server.URL(name))
	if err != nil {
		return nil, err
	}
	err = prepare(ctx, db, t)
	if err == nil {
		err = use(db)
	}
	closed := db.Close()
	_, dropped := l.admin.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
	dropped = errors.Join(closed, dropped)
	var r refusal
	if errors.As(err, &r) {
		return r, dropped
	}
	return nil, errors.Join(err, dropped)
}

func prepare(ctx context.Context, db *sql.DB, t trial) error {
	for _, text := range append(t.world.statements(), t.Before...) {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return refusal{fmt.Errorf("%w; it came when this was made: %s", err, text)}
		}
	}
	return nil
}
