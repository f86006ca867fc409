package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	_ "github.com/lib/pq" // the driver that asks whether the server is ready

	"github.com/lockstep-dev/lockstep/internal/scratch"
)

// ErrNoBinaries is wrapped when the machine has no PostgreSQL server.
var ErrNoBinaries = errors.New("no PostgreSQL server found on PATH or in /usr/lib/postgresql/*/bin; install it (apt-get install postgresql, brew install postgresql)")

// Options are what a server can be asked for. The zero value is a fast server
// that does not survive a power cut.
type Options struct {
	// Fsync makes commits durable, as in production.
	Fsync bool
	// Settings are further server settings, by name.
	Settings map[string]string
	// Binaries is the folder of the server's programs (postgres, initdb); empty
	// finds the newest that the machine has. They are those of the version under
	// test, where a test is about one.
	Binaries string
}

// Server is a running PostgreSQL.
type Server struct {
	folder  *scratch.Folder
	dir     string // its path: holds data and the socket
	bin     string
	process *exec.Cmd
	owner   *owner

	replicas atomic.Int64 // made of it; each has a slot
}

// owner is the unprivileged user that runs the server when we are root, which
// PostgreSQL refuses.
type owner struct{ uid, gid uint32 }

// Start makes a cluster and runs it. The caller stops it.
func Start(opts Options) (*Server, error) {
	bin := opts.Binaries
	var err error
	if bin == "" {
		bin, err = binaries()
	}
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin}
	if s.owner, err = unprivileged(); err != nil {
		return nil, err
	}
	if err := s.makeFolder(opts); err != nil {
		return nil, err
	}
	if err := s.start(opts); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) makeFolder(opts Options) (err error) {
	place := scratch.InMemory
	if opts.Fsync {
		place = scratch.OnDisk
	}
	if s.folder, err = place("pg"); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	s.dir = s.folder.Path
	if s.owner == nil {
		return nil
	}
	if err := os.Chown(s.dir, int(s.owner.uid), int(s.owner.gid)); err != nil {
		return errors.Join(fmt.Errorf("start PostgreSQL: %w", err), s.folder.Remove())
	}
	return nil
}

func (s *Server) start(opts Options) error {
	initdb := s.command("initdb", "--pgdata", s.data(), "--username", "postgres", "--auth", "trust",
		"--encoding", "UTF8", "--locale", "C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return s.launch(opts)
}

// launch runs the server on the data that is there.
func (s *Server) launch(opts Options) error {
	log, err := os.Create(s.Log())
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	defer log.Close()
	s.process = s.command("postgres", s.arguments(opts)...)
	s.process.Stdout, s.process.Stderr = log, log
	endWithParent(s.process.SysProcAttr)
	if err := s.process.Start(); err != nil {
		s.process = nil
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	return s.waitReady()
}

func (s *Server) arguments(opts Options) []string {
	settings := map[string]string{
		"listen_addresses": "", "unix_socket_directories": s.dir, "max_connections": "200",
		"shared_buffers": "32MB", "logging_collector": "off", "log_min_messages": "warning",
		"autovacuum": "off",
	}
	if !opts.Fsync {
		settings["fsync"], settings["full_page_writes"], settings["max_wal_size"] = "off", "off", "256MB"
	}
	for name, value := range opts.Settings {
		settings[name] = value
	}
	args := []string{"-D", s.data()}
	for name, value := range settings {
		args = append(args, "-c", name+"="+value)
	}
	return args
}

func (s *Server) waitReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, err := sql.Open("postgres", s.URL("postgres"))
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	defer db.Close()
	for {
		if db.PingContext(ctx) == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(s.Log())
			return fmt.Errorf("PostgreSQL did not start within a minute: %s", log)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...) //nolint:noctx // Stop ends it
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + s.bin + ":/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if s.owner != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: s.owner.uid, Gid: s.owner.gid}
	}
	return cmd
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// URL returns the connection URL of a database, for lib/pq and for
// golang-migrate.
func (s *Server) URL(database string) string {
	q := url.Values{"host": {s.dir}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/" + database, RawQuery: q.Encode()}
	return u.String()
}

// Binaries returns the folder of the server's programs (psql, pg_dump, ...).
func (s *Server) Binaries() string { return s.bin }

// Log returns the file that the server writes its log to.
func (s *Server) Log() string { return filepath.Join(s.dir, "log") }

// Restart ends the server as a power cut would and starts it again, as often
// as a test of lost connections needs it.
func (s *Server) Restart(opts Options) error {
	if err := s.quit(); err != nil {
		return err
	}
	s.process = s.command("postgres", s.arguments(opts)...)
	endWithParent(s.process.SysProcAttr)
	if err := s.process.Start(); err != nil {
		s.process = nil
		return fmt.Errorf("restart PostgreSQL: %w", err)
	}
	return s.waitReady()
}

// Stop ends the server and deletes its files. Stopping twice is harmless.
func (s *Server) Stop() error {
	return errors.Join(s.quit(), s.folder.Remove())
}

// quit uses PostgreSQL's immediate shutdown (SIGQUIT).
func (s *Server) quit() error {
	if s.process == nil {
		return nil
	}
	process := s.process
	s.process = nil
	if err := process.Process.Signal(syscall.SIGQUIT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	_ = process.Wait() // an immediate shutdown ends with an error by design
	return nil
}

// binaries finds the newest PostgreSQL, PATH first.
func binaries() (string, error) {
	if file, err := exec.LookPath("postgres"); err == nil {
		if file, err = filepath.EvalSymlinks(file); err == nil {
			return filepath.Dir(file), nil
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return "", ErrNoBinaries
	}
	version := func(file string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(file))))
		return n
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

func unprivileged() (*owner, error) {
	if os.Getuid() != 0 {
		return nil, nil //nolint:nilnil // no other user is needed
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if uidErr == nil && gidErr == nil {
			return &owner{uint32(uid), uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and neither user postgres nor nobody exists")
}
