package sqlite

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// Provider carries out migrate steps on SQLite files.
type Provider struct {
	*database.Provider
	folder string
}

// New returns a provider. Relative paths in URLs count from folder.
func New(folder string) *Provider { return &Provider{database.New(driver{folder}), folder} }

type driver struct{ folder string }

func (driver) Name() string { return "sqlite" }

func (driver) Split(src []byte) ([]sqlscan.Statement, error) { return sqlscan.SplitSQLite(src) }

// State reads the file; it does not create one that is missing.
func (d driver) State(ctx context.Context, target database.Target) (_ database.State, err error) {
	file, err := locate(target.URL, d.folder)
	if err != nil {
		return database.State{}, err
	}
	there, err := exists(file)
	if err != nil {
		return database.State{}, err
	}
	if !there {
		return database.State{Fresh: true, Identity: newFile(file)}, nil
	}
	c, err := connect(ctx, file, readOnly)
	if err != nil {
		return database.State{}, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	return snapshot(ctx, c, file, target.Table)
}

func newFile(file string) string { return "new file " + filepath.Base(file) }
