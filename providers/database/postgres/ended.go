package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// trial is a try that is over.
type trial struct {
	what string
	took time.Duration
}

// ended says who ended a try from outside: the server says "user request" of
// all but one of them, and the driver says nothing of a connection.
func (s *session) ended(ctx context.Context, err error, t trial) error {
	cancelled := code(err) == "57014"
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && (cancelled || errors.Is(err, context.DeadlineExceeded)):
		return fmt.Errorf("%s: the step's time was over, and what ran was cancelled after %s; \"timeout\" in its block gives it more: %w", t.what, age(t.took), err)
	case ctx.Err() != nil:
		return err
	case cancelled && t.took >= s.job.Target.StatementTimeout:
		return fmt.Errorf("%s: a statement took longer than it may; \"statement_timeout\" in the database block (now %s) gives it more: %w",
			t.what, s.job.Target.StatementTimeout, err)
	case cancelled:
		return fmt.Errorf("%s: cancelled on the server by somebody else (pg_cancel_backend) after %s: %w", t.what, age(t.took), err)
	case silent(err):
		return fmt.Errorf("%s: the connection ended after %s: an administrator (pg_terminate_backend), the server or the network has cut it: %w", t.what, age(t.took), err)
	case namesFile(err) || strings.Contains(err.Error(), t.what):
		return err
	default: // the receipt's, for one
		return fmt.Errorf("%s: %w", t.what, err)
	}
}

func namesFile(err error) bool {
	_, ok := errors.AsType[*database.SQLError](err)
	return ok
}
