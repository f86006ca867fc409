package mysql

import (
	"context"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// Run runs one statement by itself. The statements of a file share one
// connection, so that what a SET says counts for those behind it.
func (s *session) Run(ctx context.Context, statement database.Statement) (database.Measured, error) {
	if s.worker == nil {
		c, err := s.work(ctx)
		if err != nil {
			return database.Measured{}, err
		}
		s.worker = c
	}
	return s.persist(ctx, attempt{
		what:   fmt.Sprintf("%s:%d", statement.File, statement.Line),
		tables: mentioned(statement.Statement),
		try: func(ctx context.Context, n int) (m database.Measured, err error) {
			if err := s.limit(ctx, s.worker, n); err != nil {
				return m, err
			}
			failpoint.Here("mysql: before a statement")
			start := time.Now()
			if m.Rows, err = s.bounded(ctx, s.worker, statement.Text); err != nil {
				return m, describe(err, statement.File, statement.Line)
			}
			m.Duration = time.Since(start)
			if statement.OutsideTransaction() {
				m.Rows = 0 // those that the server has copied
			}
			return m, nil
		},
	})
}
