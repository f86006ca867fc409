package updown

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
	"github.com/lockstep-dev/lockstep/plans"
)

// Apply runs the up files in their order, measuring nothing. Roles that they
// make may be there: another database of the server has run the same files.
func Apply(ctx context.Context, db *sql.DB, files []plans.MigrationFile) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = joined(err, conn.Close()) }()
	return rerun(ctx, conn, files)
}

// Empty reports whether a database has nothing but schemas and extensions,
// besides what is omitted.
func Empty(ctx context.Context, db *sql.DB, omit []string) (empty bool, err error) {
	r, err := newReader(ctx, db, omit)
	if err != nil {
		return false, err
	}
	defer func() { err = joined(err, r.close()) }()
	s, err := r.snapshot(ctx)
	if err != nil {
		return false, err
	}
	for _, o := range s.Objects {
		if o.Kind != catalog.Schema && o.Kind != catalog.Extension {
			return false, nil
		}
	}
	return true, nil
}

func rerun(ctx context.Context, conn *sql.Conn, files []plans.MigrationFile) error {
	for _, file := range files {
		err := each(ctx, conn, file.Up, func(s spoken) error {
			if s.Starts("CREATE", "ROLE") || s.Starts("CREATE", "USER") || s.Starts("CREATE", "GROUP") {
				return makeRole(ctx, conn, s)
			}
			_, err := conn.ExecContext(ctx, s.text)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// makeRole lets a role that is there be.
func makeRole(ctx context.Context, conn *sql.Conn, s spoken) error {
	const duplicate = "42710"
	if s.together {
		if _, err := conn.ExecContext(ctx, "SAVEPOINT lockstep_role"); err != nil {
			return err
		}
	}
	_, err := conn.ExecContext(ctx, s.text)
	if pq.As(err, duplicate) == nil {
		return err
	}
	if !s.together {
		return nil
	}
	_, rolledBack := conn.ExecContext(ctx, "ROLLBACK TO SAVEPOINT lockstep_role")
	if rolledBack != nil {
		return errors.Join(err, rolledBack)
	}
	return nil
}
