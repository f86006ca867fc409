package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

// server is a throw-away PostgreSQL with the durability that it has when it is
// installed.
type server struct {
	*pgtest.Server
	admin *sql.DB
}

// settings are what differs from PostgreSQL's own. The pause between two
// checkpoints keeps them out of the timed parts.
func settings() pgtest.Options {
	return pgtest.Options{Fsync: true, Settings: map[string]string{
		"shared_buffers": "512MB", "max_wal_size": "4GB", "checkpoint_timeout": "30min", "autovacuum": "on",
		"log_line_prefix": "[%d] ", // blocking reads who was refused a lock
	}}
}

func startServer(ctx context.Context) (*server, error) {
	s, err := pgtest.Start(settings())
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("postgres", s.URL("postgres"))
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close(), s.Stop())
	}
	return &server{s, db}, nil
}

// Stop ends the server and deletes its data.
func (s *server) Stop() error { return errors.Join(s.admin.Close(), s.Server.Stop()) }

// URL is the connection URL of a database, whose name is not escaped: it may
// be a placeholder.
func (s *server) URL(database string) string {
	return strings.Replace(s.Server.URL("DATABASE"), "DATABASE", database, 1)
}

func (s *server) exec(ctx context.Context, query string) error {
	if _, err := s.admin.ExecContext(ctx, query); err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	return nil
}

// fresh makes an empty database in place of the one that has the name.
func (s *server) fresh(ctx context.Context, name string) error {
	return s.copyOf(ctx, "template1", name)
}

func (s *server) copyOf(ctx context.Context, template, name string) error {
	if err := s.drop(ctx, name); err != nil {
		return err
	}
	return s.exec(ctx, "CREATE DATABASE "+pq.QuoteIdentifier(name)+" TEMPLATE "+pq.QuoteIdentifier(template))
}

func (s *server) drop(ctx context.Context, name string) error {
	return s.exec(ctx, "DROP DATABASE IF EXISTS "+pq.QuoteIdentifier(name)+" WITH (FORCE)")
}

// settle writes out what was done so far, so that what is timed does not pay
// for it.
func (s *server) settle(ctx context.Context) error { return s.exec(ctx, "CHECKPOINT") }

// quickly runs a preparation without durability: nothing of it is timed. The
// server is durable again, and everything written out, when it returns.
func (s *server) quickly(ctx context.Context, prepare func() error) (err error) {
	if err := s.durable(ctx, false); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.durable(context.WithoutCancel(ctx), true)) }()
	return prepare()
}

func (s *server) durable(ctx context.Context, on bool) error {
	for _, query := range []string{fmt.Sprintf("ALTER SYSTEM SET fsync = %t", on), "SELECT pg_reload_conf()"} {
		if err := s.exec(ctx, query); err != nil {
			return err
		}
	}
	// A session reads the new value between two of its statements.
	for {
		var now bool
		if err := s.admin.QueryRowContext(ctx, "SELECT current_setting('fsync')::bool").Scan(&now); err != nil {
			return err
		}
		if now == on {
			break
		}
	}
	if !on {
		return nil
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	syscall.Sync() // what was written without fsync is still the system's
	return nil
}

// ask reads one value of a database.
func (s *server) ask(ctx context.Context, database, query string, into any) error {
	db, err := sql.Open("postgres", s.URL(database))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.QueryRowContext(ctx, query).Scan(into); err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	return nil
}

// run executes statements in a database.
func (s *server) run(ctx context.Context, database string, queries ...string) error {
	db, err := sql.Open("postgres", s.URL(database))
	if err != nil {
		return err
	}
	defer db.Close()
	for _, query := range queries {
		if _, err := db.ExecContext(ctx, query); err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
	}
	return nil
}

// timed executes a statement over a connection that is there already.
func (s *server) timed(ctx context.Context, database, query string) (time.Duration, error) {
	db, err := sql.Open("postgres", s.URL(database))
	if err != nil {
		return 0, err
	}
	defer db.Close()
	if err := db.PingContext(ctx); err != nil {
		return 0, err
	}
	start := time.Now()
	if _, err := db.ExecContext(ctx, query); err != nil {
		return 0, fmt.Errorf("%s: %w", query, err)
	}
	return time.Since(start), nil
}
