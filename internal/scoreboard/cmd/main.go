// Command cmd prints how Lockstep's lint compares with the fixtures of other
// linters, which stand in a folder that is given. See "make scoreboard".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/lockstep-dev/lockstep/internal/scoreboard"
	"github.com/lockstep-dev/lockstep/internal/scoreboard/fixture"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "scoreboard:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	folder := flag.String("fixtures", "", "folder that holds a folder for each suite")
	atOnce := flag.Int("at-once", 2, "how many cases are measured at once")
	flag.Parse()
	if *folder == "" {
		return fmt.Errorf("no fixtures: make scoreboard FIXTURES=FOLDER, with a folder in it for each suite that there is (%v)", fixture.Names())
	}
	suites, err := fixture.Read(os.DirFS(*folder))
	if err != nil {
		return fmt.Errorf("%s: %w", *folder, err)
	}
	reasons, err := scoreboard.Written()
	if err != nil {
		return err
	}
	board, err := scoreboard.Play(ctx, suites, reasons, max(1, *atOnce))
	if err != nil {
		return err
	}
	if err := board.Print(os.Stdout); err != nil {
		return err
	}
	if fault := board.Fault(); fault != "" {
		return errors.New(fault)
	}
	return nil
}
