// Command server runs a throw-away PostgreSQL for demonstrations: it makes the
// databases that its arguments name, prints one "NAME URL" line for each, and
// runs until it is asked to stop.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func run(names []string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	server, err := pgtest.Start(pgtest.Options{})
	if err != nil {
		return err
	}
	defer func() { err = server.Stop() }()
	if err := create(ctx, server, names); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// endings are the signals that ask us to stop. A script's background process
// starts with the interrupt ignored, and it stays so: the Ctrl-C that ends the
// script must not take the database away from what still uses it.
func endings() []os.Signal {
	if signal.Ignored(os.Interrupt) {
		return []os.Signal{syscall.SIGTERM}
	}
	return []os.Signal{os.Interrupt, syscall.SIGTERM}
}

func create(ctx context.Context, server *pgtest.Server, names []string) error {
	db, err := sql.Open("postgres", server.URL("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	for _, name := range names {
		if _, err := db.ExecContext(ctx, "CREATE DATABASE "+pq.QuoteIdentifier(name)); err != nil {
			return err
		}
		fmt.Println(name, server.URL(name))
	}
	return nil
}
