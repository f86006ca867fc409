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
	readWrite = "rwc" // creates the file
)

func connect(ctx context.Context, file, mode string) (*connection, error) {
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
	err := c.Close()
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

// makeFolder makes the folder that the file is to be in, if the project holds
// it. Elsewhere a folder that is not there is more likely a slip than a wish.
func makeFolder(project, file string) error {
	dir := filepath.Dir(file)
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return nil // SQLite has its own words for what else may be wrong
	}
	root, err := filepath.Abs(project)
	if err != nil {
		return fmt.Errorf("the folder of %s: %w", filepath.Base(file), err)
	}
	below, err := filepath.Rel(root, dir)
	if err != nil || !filepath.IsLocal(below) {
		return fmt.Errorf("the folder that %s is to be in does not exist and lies outside of the project: make it, then try again", filepath.Base(file))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder of %s: %w", filepath.Base(file), errors.Unwrap(err))
	}
	return nil
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
