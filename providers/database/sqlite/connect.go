package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver
)

// connection is one connection to a file, without a pool.
type connection struct {
	*sql.Conn
	db *sql.DB
}

// Modes of opening a file.
const (
	readOnly  = "ro"
	readWrite = "rwc" // creates the file, and the folder that it is to be in
)

func connect(ctx context.Context, file, mode string) (*connection, error) {
	if mode == readWrite {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, fmt.Errorf("make the folder of %s: %w", filepath.Base(file), errors.Unwrap(err))
		}
	}
	u := url.URL{Scheme: "file", Path: file}
	q := url.Values{"mode": {mode}, "_pragma": {"busy_timeout(100)"}}
	u.RawQuery = q.Encode()
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Base(file), err)
	}
	c := &connection{db: db}
	if c.Conn, err = db.Conn(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", filepath.Base(file), err), db.Close())
	}
	return c, nil
}

func (c *connection) close() error {
	err := c.Conn.Close()
	if errors.Is(err, sql.ErrConnDone) {
		err = nil
	}
	return errors.Join(err, c.db.Close())
}

// locate reads sqlite://PATH, sqlite:PATH and sqlite3://PATH; a relative path
// counts from folder. Query parameters are golang-migrate's and are dropped.
func locate(dsn, folder string) (string, error) {
	scheme, rest, ok := strings.Cut(dsn, ":")
	if !ok || scheme != "sqlite" && scheme != "sqlite3" {
		return "", errors.New("database url: expected sqlite://PATH (value hidden)")
	}
	path, _, _ := strings.Cut(strings.TrimPrefix(rest, "//"), "?")
	path, err := url.PathUnescape(path)
	if err != nil || path == "" {
		return "", errors.New("database url: expected sqlite://PATH (value hidden)")
	}
	if strings.Contains(path, ":memory:") {
		return "", errors.New("database url: a database in memory is gone after each step; expected a file")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(folder, path)
	}
	return filepath.Abs(path)
}

// exists reports whether the file is there and has anything in it. SQLite
// takes an empty file as an empty database.
func exists(file string) (bool, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look at %s: %w", filepath.Base(file), err)
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("%s is not a regular file", filepath.Base(file))
	default:
		return info.Size() > 0, nil
	}
}
