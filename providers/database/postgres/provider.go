package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// Provider carries out migrate steps on PostgreSQL.
type Provider struct{ *database.Provider }

// New returns a provider. It holds no connection between two calls.
func New() *Provider { return &Provider{database.New(driver{})} }

type driver struct{}

func (driver) Name() string { return "postgres" }

func (driver) Split(src []byte) ([]sqlscan.Statement, error) { return sqlscan.Split(src) }

// State reads the target in one read-only snapshot.
func (driver) State(ctx context.Context, target database.Target) (_ database.State, err error) {
	c, err := connect(ctx, target.URL, observing)
	if err != nil {
		return database.State{}, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	tx, err := c.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return database.State{}, fmt.Errorf("read the database: %w", c.statementPooling(err))
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	state, err := readState(ctx, tx, target.Table)
	if err != nil {
		return database.State{}, err
	}
	if state.Identity, err = identify(ctx, tx); err != nil {
		return database.State{}, err
	}
	if state.Migrating, err = whoMigrates(ctx, tx, target.Table, state); err != nil {
		return database.State{}, err
	}
	state.Pooled = refusePooler(c, target) != nil
	state.Informative, err = inform(ctx, tx, state)
	return state, err
}
