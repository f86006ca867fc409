package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// server is what kind of server it is.
type server struct {
	version      string
	mariadb      bool
	major, minor int
	sqlMode      string
}

// rowQuerier is a connection or a transaction.
type rowQuerier interface {
	database.Querier
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// inquire refuses servers on which the promise cannot be given. Sources: MySQL
// 8.0 Reference Manual, "Atomic Data Definition Statement Support"; MariaDB
// Knowledge Base, "Atomic DDL" (10.6).
func inquire(ctx context.Context, q rowQuerier) (server, error) {
	var s server
	if err := q.QueryRowContext(ctx, `SELECT VERSION(), @@SESSION.sql_mode`).Scan(&s.version, &s.sqlMode); err != nil {
		return s, fmt.Errorf("read the server's version: %w", err)
	}
	s.mariadb = strings.Contains(strings.ToLower(s.version), "mariadb")
	// A replication prefix of old MariaDB servers: 5.5.5-10.6.1-MariaDB.
	if _, err := fmt.Sscanf(strings.TrimPrefix(s.version, "5.5.5-"), "%d.%d", &s.major, &s.minor); err != nil {
		return s, fmt.Errorf("read the server's version: found %q, expected one such as 8.0.36 or 10.11.6-MariaDB", s.version)
	}
	if s.mariadb && !s.atLeast(10, 6) || !s.mariadb && !s.atLeast(8, 0) {
		return s, fmt.Errorf("the server is %s, expected MySQL 8.0 or MariaDB 10.6 at least: before them a statement that is cut short can be half there", s.version)
	}
	for _, mode := range strings.Split(s.sqlMode, ",") {
		switch mode {
		case "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES", "ORACLE":
			return s, fmt.Errorf("sql_mode has %s, under which a file's text means something else than was reviewed; leave it out for migrations: add ?sql_mode='...' to the url", mode)
		}
	}
	return s, nil
}

func (s server) atLeast(major, minor int) bool {
	return s.major > major || s.major == major && s.minor >= minor
}

// mustWrite refuses a server that does not take writes.
func mustWrite(ctx context.Context, q rowQuerier) error {
	var readOnly bool
	if err := q.QueryRowContext(ctx, `SELECT @@GLOBAL.read_only`).Scan(&readOnly); err != nil {
		return fmt.Errorf("read the server's role: %w", err)
	}
	if readOnly {
		return errors.New("the server is read-only, as a replica is; use the primary's url")
	}
	return nil
}
