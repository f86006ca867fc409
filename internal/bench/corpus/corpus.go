// Package corpus makes the migrations that every contestant applies, and
// writes them the way each one wants its files: the same SQL, other marks
// around it.
package corpus

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Migration is one migration file, or a pair of them.
type Migration struct {
	Version  int
	Name     string
	Up, Down string
	// NoTransaction says that the statement refuses to run in a transaction.
	NoTransaction bool
}

// Small returns n migrations of one statement each, in turn CREATE TABLE, ADD
// COLUMN and CREATE INDEX, all with a way back.
func Small(n int) []Migration {
	files := make([]Migration, n)
	for i := range files {
		files[i] = small(i)
	}
	return files
}

func small(i int) Migration {
	m := Migration{Version: i + 1, Name: "m"}
	switch table := fmt.Sprintf("t%d", i/3+1); i % 3 {
	case 0:
		m.Up = "CREATE TABLE " + table + " (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, created_at timestamptz NOT NULL DEFAULT now());"
		m.Down = "DROP TABLE " + table + ";"
	case 1:
		m.Up = "ALTER TABLE " + table + " ADD COLUMN note text;"
		m.Down = "ALTER TABLE " + table + " DROP COLUMN note;"
	case 2:
		m.Up = "CREATE INDEX " + table + "_name_idx ON " + table + " (name);"
		m.Down = "DROP INDEX " + table + "_name_idx;"
	}
	return m
}

// Tables is how many tables the first n of Small make.
func Tables(n int) int { return (n + 2) / 3 }

func (m Migration) stem() string { return fmt.Sprintf("%06d_%s", m.Version, m.Name) }

// Layout writes migrations into an empty folder.
type Layout func(dir string, files []Migration) error

// Pairs is golang-migrate's layout, which Lockstep reads as it is: a file for
// each direction.
func Pairs(dir string, files []Migration) error {
	for _, m := range files {
		if err := write(dir, m.stem()+".up.sql", m.Up+"\n"); err != nil {
			return err
		}
		if err := write(dir, m.stem()+".down.sql", m.Down+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// Ups is golang-migrate's layout without the way back: one file a migration,
// for tools that judge each SQL file they are given.
func Ups(dir string, files []Migration) error {
	for _, m := range files {
		if err := write(dir, m.stem()+".up.sql", m.Up+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// Goose is goose's layout.
func Goose(dir string, files []Migration) error {
	return each(dir, files, func(m Migration) string {
		head := ""
		if m.NoTransaction {
			head = "-- +goose NO TRANSACTION\n"
		}
		return head + "-- +goose Up\n" + m.Up + "\n-- +goose Down\n" + m.Down + "\n"
	})
}

// Tern is tern's layout.
func Tern(dir string, files []Migration) error {
	return each(dir, files, func(m Migration) string {
		head := ""
		if m.NoTransaction {
			head = "---- tern: disable-tx ----\n"
		}
		return head + m.Up + "\n---- create above / drop below ----\n" + m.Down + "\n"
	})
}

// Dbmate is dbmate's layout.
func Dbmate(dir string, files []Migration) error {
	return each(dir, files, func(m Migration) string {
		option := ""
		if m.NoTransaction {
			option = " transaction:false"
		}
		return "-- migrate:up" + option + "\n" + m.Up + "\n-- migrate:down\n" + m.Down + "\n"
	})
}

// Script is a file for each migration, and all.sql, which includes them in
// order. psql commits each file by itself.
func Script(dir string, files []Migration) error {
	var all strings.Builder
	for _, m := range files {
		fmt.Fprintf(&all, "\\ir %s.sql\n", m.stem())
	}
	if err := write(dir, "all.sql", all.String()); err != nil {
		return err
	}
	return each(dir, files, func(m Migration) string { return m.Up + "\n" })
}

// Newest is the newest migration alone, as all.sql: what a person with psql
// would run on a database that has the others.
func Newest(dir string, files []Migration) error {
	if len(files) == 0 {
		return nil
	}
	return write(dir, "all.sql", files[len(files)-1].Up+"\n")
}

func each(dir string, files []Migration, text func(Migration) string) error {
	for _, m := range files {
		if err := write(dir, m.stem()+".sql", text(m)); err != nil {
			return err
		}
	}
	return nil
}

func write(dir, name, text string) error {
	return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)
}
