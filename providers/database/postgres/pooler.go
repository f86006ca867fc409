package postgres

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"reflect"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// isPooled reports whether a connection pooler stands between us and the
// server. A pooler greets its clients itself, so the process id of its
// greeting is not that of the backend which answers queries.
// Source: PostgreSQL, message formats, BackendKeyData; tried with PgBouncer.
func isPooled(c *sql.Conn, backend int) (bool, error) {
	var greeted int
	err := c.Raw(func(raw any) (err error) {
		greeted, err = greetedBy(raw)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look for a connection pooler: %w", err)
	}
	return greeted != backend, nil
}

// greetedBy reads the process id that lib/pq keeps for cancel requests. It has
// no accessor, and on the wire TLS hides it; a test notices if it goes away.
func greetedBy(raw any) (int, error) {
	v := reflect.Indirect(reflect.ValueOf(raw))
	if v.Kind() == reflect.Struct {
		if pid := v.FieldByName("pid"); pid.CanInt() {
			return int(pid.Int()), nil
		}
	}
	return 0, errors.New("the driver does not tell who greeted it")
}

// refusePooler is the answer to work that needs a session of its own and gets
// one that a pooler shares out.
func refusePooler(c *connection, target database.Target) error {
	if !c.pooled || target.Lock == database.LockLease {
		return nil
	}
	return database.ErrPooled
}

// statementPooling explains why a transaction could not begin: a pooler that
// gives each statement a connection of its own cuts the connection then.
func (c *connection) statementPooling(err error) error {
	if c.pooled && (code(err) == "08P01" || errors.Is(err, sqldriver.ErrBadConn)) {
		return errors.New("the connection pooler refuses transactions (pool_mode statement), and a migration needs one: " +
			"give direct_url, a url that goes past the pooler")
	}
	return err
}

// keptSearchPath refuses a pooler that leaves out the search_path of the url
// without a word (PgBouncer's ignore_startup_parameters): migrations would go
// to another schema.
func (c *connection) keptSearchPath(ctx context.Context, config pq.Config) error {
	wanted := config.Runtime["search_path"]
	if !c.pooled || wanted == "" {
		return nil
	}
	var same bool
	if err := c.QueryRowContext(ctx, `SELECT replace(current_setting('search_path'), ' ', '') = replace($1, ' ', '')`, wanted).Scan(&same); err != nil {
		return fmt.Errorf("read the search_path: %w", err)
	}
	if !same {
		return &database.UnreachedError{
			Cause: fmt.Errorf("the connection pooler leaves out the url's search_path %q", wanted),
			Next:  "give direct_url, or set it for the role: ALTER ROLE ... SET search_path",
		}
	}
	return nil
}

// guard enters the transaction with the session's guarding. Behind a pooler
// the backend is known from now on.
func (t *transaction) guard(ctx context.Context) error {
	if err := t.session.guarding.enter(ctx, t); err != nil {
		return err
	}
	if !t.pooled {
		return nil
	}
	if err := t.QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&t.pid); err != nil {
		return fmt.Errorf("read the backend's pid: %w", err)
	}
	t.attempt.watch.follow(t.pid)
	return nil
}

// leave undoes what a file has set for its session. A connection of our own
// dies with it; one that a pooler shares out gets its next user.
func (t *transaction) leave() string {
	if !t.pooled {
		return `RESET ROLE; RESET SESSION AUTHORIZATION`
	}
	return `RESET ROLE; RESET SESSION AUTHORIZATION; RESET ALL; DISCARD TEMP; SELECT pg_advisory_unlock_all()`
}
