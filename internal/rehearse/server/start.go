package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Options say how a server is started. Only Binaries must be set.
type Options struct {
	Binaries Binaries
	// Place is the folder in which the server's private folder is made; empty:
	// memory where there is much of it, else the system's temporary folder.
	Place string
	// Cache is the folder of fresh data folders, which make the next start
	// faster; empty: Lockstep's folder in the user's cache.
	Cache string
	// Role is the target's, in whose likeness files are run.
	Role Role
}

// Start runs a server of its own that nobody else can reach: it listens on a
// socket in a private folder alone. It is not durable. The caller closes it;
// when this process is killed the server ends by itself, and the next Start of
// the same user deletes its folder.
func Start(ctx context.Context, o Options) (*Server, error) {
	account, err := unprivileged()
	if err != nil {
		return nil, err
	}
	if o.Place == "" {
		o.Place = defaultPlace(account)
	}
	if o.Cache == "" {
		o.Cache = defaultCache()
	}
	r, err := newRoom(o.Place, account)
	if err != nil {
		return nil, err
	}
	l := launch{Options: o, room: r, account: account}
	s, err := l.start(ctx)
	if err != nil {
		return nil, errors.Join(err, r.remove())
	}
	return s, nil
}

// launch is one attempt to start a server.
type launch struct {
	Options

	room    *room
	account *account
}

// start tries a cached data folder first. One that the server does not like is
// deleted and made anew.
func (l launch) start(ctx context.Context) (*Server, error) {
	defer l.room.letGo()
	cached, cacheErr := templateOf(l.Cache, l.Binaries)
	usable := l.Cache != "" && cacheErr == nil
	if usable && cached.unpack(l.room.data(), l.account) == nil {
		s, err := l.run(ctx)
		if err == nil || ctx.Err() != nil {
			return s, err
		}
		if err := errors.Join(cached.forget(), os.RemoveAll(l.room.data())); err != nil {
			return nil, err
		}
	}
	if err := l.initialise(ctx); err != nil {
		return nil, err
	}
	if usable {
		_ = cached.pack(l.room.data()) // without it the next start takes longer, no more
	}
	return l.run(ctx)
}

// initialise makes a data folder. The cluster has the C locale: it exists
// everywhere and goes with every encoding that a database may have.
func (l launch) initialise(ctx context.Context) error {
	const patience = 2 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	initdb := exec.CommandContext(ctx, filepath.Join(l.Binaries.Folder, "initdb"), "--pgdata", l.room.data(), "--username", superuser,
		"--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--wal-segsize", "1")
	initdb.Dir, initdb.Env, initdb.SysProcAttr = l.room.inner(), l.environment(), l.account.apart()
	initdb.WaitDelay = time.Second // its children may hold the output
	if out, err := initdb.CombinedOutput(); err != nil {
		return l.explain("make a data folder with initdb", err, out)
	}
	return nil
}

// environment leaves out whatever the user has set for PostgreSQL's clients.
func (l launch) environment() []string {
	return []string{"PATH=" + l.Binaries.Folder + ":/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=" + l.room.inner()}
}

// explain tells what was tried, what its output ends with, and what can be done.
func (l launch) explain(what string, err error, output []byte) error {
	hint := "set " + FolderVariable + " to another server's folder, or scratch_url to a server that may be used"
	if l.account != nil && errors.Is(err, os.ErrPermission) {
		hint = fmt.Sprintf("user %s must be able to run what is in %s, since PostgreSQL refuses root; or run lockstep as another user", l.account.name, l.Binaries.Folder)
	}
	return fmt.Errorf("scratch server: %s (PostgreSQL %s, %s): %w%s; %s", what, l.Binaries.Version, l.Binaries.Folder, err, lastLines(output), hint)
}

// lastLines returns the end of a log, on lines of their own.
func lastLines(output []byte) string {
	const most = 8
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	if len(lines) > most {
		lines = lines[len(lines)-most:]
	}
	if len(lines) == 1 && lines[0] == "" {
		return ""
	}
	return "\n  " + strings.Join(lines, "\n  ") + "\n"
}
