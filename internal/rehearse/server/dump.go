package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// ErrInTheWay is wrapped when someone at the target began to wait for the locks
// that a copy holds while it reads; the copy was given up for that.
var ErrInTheWay = errors.New("someone at the target was about to wait for the copy of the schema, which was given up for that; try again, or at a quieter time")

// dump reads the target's schema. pg_dump holds ACCESS SHARE on all tables while
// it reads, which only ACCESS EXCLUSIVE does not go along with; but behind one
// of those that waits, everyone waits.
func (d dumper) dump(ctx context.Context, from address, privileges bool) ([]byte, error) {
	name := application + " " + rand.Text()
	environment, err := from.libpqEnvironment(name)
	if err != nil {
		return nil, err
	}
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	observer, err := from.open()
	if err != nil {
		return nil, err
	}
	defer observer.Close()
	switch shared, err := pooled(ctx, observer); {
	case err != nil:
		return nil, fmt.Errorf("look at the target: %w", from.hide(err))
	case shared: // pg_dump empties search_path for its session
		return nil, fmt.Errorf("%w: the url goes through a connection pooler, and its other clients would inherit what pg_dump sets; give direct_url, a url that goes past the pooler", ErrNoDump)
	}
	watched := make(chan struct{})
	watching, enough := context.WithCancel(ctx)
	go func() {
		defer close(watched)
		watchWaiters(watching, observer, name, giveUp)
	}()
	text, err := d.run(ctx, environment, privileges)
	enough()
	<-watched
	if errors.Is(context.Cause(ctx), ErrInTheWay) {
		return nil, context.Cause(ctx)
	}
	return text, from.hide(err)
}

func (d dumper) run(ctx context.Context, environment []string, privileges bool) ([]byte, error) {
	const patience = 5 * time.Second
	c := exec.CommandContext(ctx, d.program, d.arguments(privileges)...)
	c.Env = environment
	// An interrupted pg_dump cancels what it has asked for, so that its locks
	// are gone with it.
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = patience
	var out, complaints bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaints
	if err := c.Run(); err != nil {
		said := strings.TrimSpace(complaints.String())
		return nil, fmt.Errorf("pg_dump %s cannot read the target's schema: %w%s; the role must be able to read every table (pg_read_all_data, or SELECT), and a lock that is not free within 2 s is not waited for",
			d.version, err, lastLines([]byte(said)))
	}
	return out.Bytes(), nil
}

// arguments leave out what a scratch server cannot have, or must not: a
// subscription would connect to its publisher.
func (d dumper) arguments(privileges bool) []string {
	const withoutCompression = 14
	args := []string{
		"--schema-only", "--no-password", "--lock-wait-timeout=2000", "--no-tablespaces", "--no-subscriptions",
		"--no-security-labels", "--quote-all-identifiers",
	}
	if d.major >= withoutCompression { // lz4 is not in every build
		args = append(args, "--no-toast-compression")
	}
	if !privileges {
		args = append(args, "--no-owner", "--no-privileges")
	}
	return args
}

// watchWaiters looks for whoever waits for a lock that the dump holds, until the
// dump has ended. Where it cannot look, the time limits alone protect.
func watchWaiters(ctx context.Context, db *sql.DB, dumping string, giveUp context.CancelCauseFunc) {
	const pause = 100 * time.Millisecond
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		var waits bool
		err := db.QueryRowContext(ctx, `
			SELECT EXISTS (SELECT FROM (SELECT DISTINCT pid FROM pg_locks WHERE NOT granted) waiting
			                WHERE pg_blocking_pids(waiting.pid) && ARRAY(SELECT pid FROM pg_stat_activity WHERE application_name = $1))`,
			dumping).Scan(&waits)
		if err == nil && waits {
			giveUp(ErrInTheWay)
			return
		}
	}
}
