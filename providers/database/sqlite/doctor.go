package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lockstep-dev/lockstep/internal/doctor"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// CheckUp implements database.HealthExaminer. There is no server: the file and
// the room around it are all that can be looked at.
func (d driver) CheckUp(ctx context.Context, target database.Target) ([]doctor.Sign, error) {
	file, err := locate(target.URL, d.folder)
	if err != nil {
		return nil, err
	}
	state, err := d.State(ctx, target)
	if err != nil {
		return nil, err
	}
	facts := doctor.SQLite{File: filepath.Base(file), State: state.Words(), Dirty: state.Dirty, Free: database.FreeBytes(filepath.Dir(file))}
	info, err := os.Stat(file)
	if errors.Is(err, os.ErrNotExist) {
		return doctor.JudgeSQLite(facts), nil
	}
	if err != nil {
		return nil, err
	}
	facts.There, facts.Size = true, info.Size()
	opened, err := os.OpenFile(file, os.O_RDWR, 0)
	if err == nil {
		err = opened.Close()
	}
	facts.Writable = err
	err = d.examine(ctx, file, &facts)
	return doctor.JudgeSQLite(facts), err
}

func (d driver) examine(ctx context.Context, file string, facts *doctor.SQLite) (err error) {
	c, err := connect(ctx, file, readOnly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := c.QueryRowContext(ctx, `SELECT sqlite_version()`).Scan(&facts.Version); err != nil {
		return fmt.Errorf("look at the file: %w", err)
	}
	if err := c.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&facts.Check); err != nil {
		return fmt.Errorf("check the file: %w", err)
	}
	return nil
}
