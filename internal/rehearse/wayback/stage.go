package wayback

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
	"github.com/lockstep-dev/lockstep/internal/rehearse/updown"
	"github.com/lockstep-dev/lockstep/plans"
)

// Bench is where migrations are tried. Nobody else uses its databases.
type Bench struct {
	// Open returns a new empty database, and what deletes it.
	Open func(ctx context.Context) (db *sql.DB, drop func() error, err error)
	// Omit are relations that do not belong to the schema, as SQL spells them.
	Omit []string
}

// Stage is one throw-away database, in one session.
type Stage struct {
	Conn *sql.Conn
	omit []string
	drop func() error
}

// Replay opens a database and applies the up files in their order. The error
// names the file and line that fail.
func (b Bench) Replay(ctx context.Context, files []plans.MigrationFile) (s *Stage, err error) {
	db, drop, err := b.Open(ctx)
	if err != nil {
		return nil, err
	}
	s = &Stage{omit: b.Omit, drop: drop}
	if s.Conn, err = db.Conn(ctx); err != nil {
		return nil, errors.Join(err, drop())
	}
	for _, f := range files {
		if err := s.Run(ctx, f.Up); err != nil {
			return nil, errors.Join(fmt.Errorf("the migrations before cannot be replayed: %w", err), s.Close())
		}
	}
	return s, nil
}

// Close deletes the database.
func (s *Stage) Close() error { return errors.Join(s.Conn.Close(), s.drop()) }

// Run carries a file out as Lockstep does.
func (s *Stage) Run(ctx context.Context, file plans.SQLFile) error {
	if err := updown.Run(ctx, s.Conn, file); err != nil {
		return fmt.Errorf("%w%s", err, detail(err))
	}
	return nil
}

// detail is what the server adds to its message, on one line.
func detail(err error) string {
	if answer, ok := errors.AsType[*pq.Error](err); ok && answer.Detail != "" {
		return " (" + strings.Join(strings.Fields(answer.Detail), " ") + ")"
	}
	return ""
}

// Snapshot reads the schema.
func (s *Stage) Snapshot(ctx context.Context) (catalog.Snapshot, error) {
	return catalog.ReadAt(ctx, s.Conn, s.omit...)
}

// ownerless leaves out the statements that give objects to the role of this
// database: it is another where the migration will run, and what a role makes
// is its own without saying.
func (s *Stage) ownerless(ctx context.Context, statements []string) ([]string, error) {
	var role string
	if err := s.Conn.QueryRowContext(ctx, "SELECT quote_ident(current_user)").Scan(&role); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(statements, func(statement string) bool {
		return strings.HasPrefix(statement, "ALTER ") && strings.HasSuffix(statement, " OWNER TO "+role)
	}), nil
}
