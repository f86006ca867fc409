package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// Database is one database on a scratch server.
type Database struct {
	// Name is of our own making.
	Name string
	// Differs says how the database differs from the one that was asked for;
	// empty if it does not.
	Differs string

	server  *Server
	address address
	// settings are those that every session of the database begins with.
	settings [][2]string
}

// making bounds the making of a database: the copy of a large schema takes
// seconds.
const making = 2 * time.Minute

// Database makes an empty database. When the server does not have the locale,
// the database has C, and says so.
func (s *Server) Database(ctx context.Context, l Locale) (*Database, error) {
	if l.Encoding == "" || l.Collate == "" || l.Ctype == "" {
		l = l.plain()
	}
	d := s.newDatabase()
	err := errors.New("no locale to make it with")
	for _, candidate := range l.candidates(s.Major()) {
		d.Differs = ""
		if candidate != l {
			d.Differs = fmt.Sprintf("the target's locale is %s, and the scratch server does not have it: %s here", l, candidate)
		}
		if err = s.create(ctx, d, "template0 "+candidate.clause(s.Major())); !lacksLocale(err) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// lacksLocale tells a locale that the server does not know (wrong_object_type,
// invalid_parameter_value, feature_not_supported, undefined_object).
func lacksLocale(err error) bool {
	return failed(err, "42809", "22023", "0A000", "42704")
}

// Clone makes a copy of the database. Nobody may be connected to it.
func (d *Database) Clone(ctx context.Context) (*Database, error) {
	made := d.server.newDatabase()
	made.Differs = d.Differs
	if err := d.server.create(ctx, made, pq.QuoteIdentifier(d.Name)); err != nil {
		return nil, err
	}
	// They are no part of a database that is copied.
	if err := made.take(ctx, d.settings); err != nil {
		return nil, errors.Join(d.server.address.hide(err), made.Drop(ctx))
	}
	return made, nil
}

// take makes settings, by name, those of every session to come.
func (d *Database) take(ctx context.Context, settings [][2]string) error {
	d.settings = settings
	for _, setting := range settings {
		value := pq.QuoteLiteral(setting[1])
		if setting[0] == "search_path" && setting[1] != "" { // a list, not one name
			value = setting[1]
		}
		if _, err := d.server.admin.ExecContext(ctx, "ALTER DATABASE "+pq.QuoteIdentifier(d.Name)+" SET "+setting[0]+" = "+value); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) newDatabase() *Database {
	name := s.newName()
	return &Database{Name: name, server: s, address: s.address.of(name)}
}

func (s *Server) create(ctx context.Context, d *Database, template string) error {
	ctx, cancel := context.WithTimeout(ctx, making)
	defer cancel()
	if _, err := s.admin.ExecContext(ctx, "CREATE DATABASE "+pq.QuoteIdentifier(d.Name)+" TEMPLATE "+template+s.strategy()); err != nil {
		return fmt.Errorf("make a scratch database: %w", s.address.hide(err))
	}
	s.made.add(d.Name)
	return nil
}

// strategy copies files where that is ours to choose: writing every page into
// the log, the default since 15, is for servers that are not thrown away.
func (s *Server) strategy() string {
	if s.Own() && s.Major() >= 15 {
		return " STRATEGY file_copy"
	}
	return ""
}

// URL returns the connection URL for lib/pq. It may hold a password: never
// print it.
func (d *Database) URL() string { return d.address.String() }

// Server returns the server that the database is on.
func (d *Database) Server() *Server { return d.server }

// Drop drops the database with whoever is connected to it. Dropping twice is
// harmless.
func (d *Database) Drop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, making)
	defer cancel()
	if err := d.server.drop(ctx, d.Name); err != nil {
		return fmt.Errorf("drop the scratch database %s: %w", d.Name, d.server.address.hide(err))
	}
	d.server.made.remove(d.Name)
	return nil
}

// drop ends the connections itself before 13, which has no FORCE.
func (s *Server) drop(ctx context.Context, name string) error {
	const force = 13
	statement := "DROP DATABASE IF EXISTS " + pq.QuoteIdentifier(name)
	if s.Major() >= force {
		statement += " WITH (FORCE)"
	} else if _, err := s.admin.ExecContext(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, name); err != nil {
		return err
	}
	_, err := s.admin.ExecContext(ctx, statement)
	return err
}
