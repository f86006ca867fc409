package server

import (
	"context"
	"database/sql"
	"fmt"
)

// Look runs a look at the target in one session of its own, for what other
// packages know how to read. look must only read; the error never holds the
// password.
func Look[T any](ctx context.Context, url string, look func(context.Context, *sql.Conn) (T, error)) (found T, err error) {
	a, err := parseAddress(url, "the target's url")
	if err != nil {
		return found, err
	}
	db, err := a.open()
	if err != nil {
		return found, err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return found, fmt.Errorf("look at the target: %w", a.hide(err))
	}
	defer conn.Close()
	found, err = look(ctx, conn)
	return found, a.hide(err)
}
