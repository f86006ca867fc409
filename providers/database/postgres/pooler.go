package postgres

import (
	"database/sql"
	"errors"
	"fmt"
	"reflect"

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
