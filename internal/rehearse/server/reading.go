package server

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"time"
)

// querier is a connection, a pool of them, or a transaction.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// reading runs queries at the target: in a transaction that cannot write, in
// which nobody waits for us for long. Behind a connection pooler nothing is left
// of the settings.
func reading(ctx context.Context, a address, look func(context.Context, querier) error) (err error) {
	const patience = 30 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return a.hide(err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	if _, err := tx.ExecContext(ctx, `SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '30s'`); err != nil {
		return a.hide(err)
	}
	return a.hide(look(ctx, tx))
}

// pooled reports whether a connection pooler stands before the server: it greets
// its clients itself, so the process of the greeting is not the one that
// answers. lib/pq keeps that number without an accessor.
// Source: PostgreSQL, message formats, BackendKeyData; tried with PgBouncer.
func pooled(ctx context.Context, db *sql.DB) (bool, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer c.Close()
	var backend, greeted int64
	if err := c.QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&backend); err != nil {
		return false, err
	}
	err = c.Raw(func(raw any) error {
		if v := reflect.Indirect(reflect.ValueOf(raw)); v.Kind() == reflect.Struct {
			if pid := v.FieldByName("pid"); pid.CanInt() {
				greeted = pid.Int()
				return nil
			}
		}
		return errors.New("the driver does not tell who greeted it")
	})
	return greeted != backend, err
}
