package sqlite

import (
	"context"
	"errors"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// Try runs the files in one transaction and undoes it.
func (s *session) Try(ctx context.Context, files []database.Work) error {
	_, err := s.persist(ctx, func() (m database.Measured, err error) {
		c, err := connect(ctx, s.file, readWrite)
		if err != nil {
			return m, err
		}
		// Closing the connection undoes it as well.
		defer func() { err = errors.Join(err, c.close()) }()
		if _, err := c.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
			return m, err
		}
		for _, f := range files {
			for _, statement := range f.Statements {
				if _, err := c.ExecContext(ctx, statement.Text); err != nil {
					return m, describe(err, f.File, statement.Line)
				}
			}
		}
		_, err = c.ExecContext(ctx, `ROLLBACK`)
		return m, err
	})
	return err
}
