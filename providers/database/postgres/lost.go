package postgres

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/lockstep-dev/lockstep/providers/database"
)

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
