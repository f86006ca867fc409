package postgres

import (
	"context"
	"errors"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// Try runs the files in one transaction and undoes it. It takes locks as a
// migration does, and holds them for as long as the catalog changes last.
func (s *session) Try(ctx context.Context, files []database.Work) error {
	var all database.Work
	for _, f := range files {
		all.Statements = append(all.Statements, f.Statements...)
		all.Locks = append(all.Locks, f.Locks...)
	}
	_, err := s.persist(ctx, "trying the way back", func(ctx context.Context, a *attempt) (m database.Measured, err error) {
		c, err := connect(ctx, s.job.Target.URL, s.application())
		if err != nil {
			return m, err
		}
		// Closing the connection undoes it as well.
		defer func() { err = errors.Join(err, c.close()) }()
		if err := s.acquire(ctx, c, a, needs{all.Statements, all.Locks}); err != nil {
			return m, err
		}
		for _, f := range files {
			t := &transaction{connection: c, session: s, attempt: a, work: f}
			if _, err := t.execute(ctx); err != nil {
				return m, err
			}
		}
		_, err = c.ExecContext(ctx, `ROLLBACK`)
		return m, err
	})
	return err
}
