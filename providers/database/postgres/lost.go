package postgres

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/lockstep-dev/lockstep/providers/database"
)

var _ database.Judge = (*session)(nil)

// lossTimeout bounds the question whether the guard is there.
const lossTimeout = 5 * time.Second

// Lost implements database.Judge: nobody has answered, and the guard does not
// either. Where only the migration's own connection is gone, somebody has most
// likely ended it (pg_terminate_backend, which the driver cannot tell from a
// broken connection), and that is a decision.
func (s *session) Lost(ctx context.Context, err error) bool {
	if c := code(err); c != "" && !lostConnection(c) || c == "" && !silent(err) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, lossTimeout)
	defer cancel()
	_, err = s.guard.ExecContext(ctx, `SELECT 1`)
	return err != nil
}

// lost marks errors of a connection that is gone, or of a server that is not
// ready for one.
func lost(err error) error {
	if err == nil || errors.Is(err, database.ErrLost) {
		return err
	}
	if c := code(err); c != "" && (lostConnection(c) || c[:2] == "53") || c == "" && silent(err) {
		return fmt.Errorf("%w: %w", database.ErrLost, err)
	}
	return err
}

// silent: nobody has answered.
func silent(err error) bool {
	for _, sentinel := range []error{sqldriver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	var network net.Error
	return errors.As(err, &network) && !errors.Is(err, context.DeadlineExceeded)
}
