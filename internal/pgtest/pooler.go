package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// PoolerVariable is the environment variable that names PgBouncer's program.
// Without it, it is looked for on PATH and in /usr/sbin.
const PoolerVariable = "LOCKSTEP_PGBOUNCER"

// Pooler is a running PgBouncer in front of a server.
type Pooler struct {
	dir     string
	process *exec.Cmd
	ended   chan struct{}
}

// Pooler starts a PgBouncer in one of its modes (session, transaction,
// statement) in front of the cluster. It ends with the test. A test on a
// machine without PgBouncer is skipped.
func (c *Cluster) Pooler(t testing.TB, mode string) *Pooler {
	t.Helper()
	server := c.Server(t)
	program, err := poolerProgram()
	if err != nil {
		t.Skip(err)
	}
	p := &Pooler{ended: make(chan struct{})}
	if p.dir, err = os.MkdirTemp("/tmp", "lockstep-pb-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	})
	if err := p.start(server, program, mode); err != nil {
		t.Fatal(err)
	}
	return p
}

// URL is that of a database behind the pooler.
func (p *Pooler) URL(database string) string {
	q := url.Values{"host": {p.dir}, "port": {"6432"}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/" + database, RawQuery: q.Encode()}
	return u.String()
}

func (p *Pooler) start(server *Server, program, mode string) error {
	settings := fmt.Sprintf(`[databases]
* = host=%s port=5432
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = %s
auth_type = trust
auth_file = %s
pool_mode = %s
default_pool_size = 40
max_client_conn = 200
ignore_startup_parameters = search_path
logfile = %s
`, server.dir, p.dir, filepath.Join(p.dir, "users"), mode, filepath.Join(p.dir, "log"))
	err := errors.Join(
		os.WriteFile(filepath.Join(p.dir, "ini"), []byte(settings), 0o600),
		os.WriteFile(filepath.Join(p.dir, "users"), []byte(`"postgres" ""`+"\n"), 0o600))
	if err != nil {
		return fmt.Errorf("start PgBouncer: %w", err)
	}
	p.process = exec.Command(program, "-q", filepath.Join(p.dir, "ini")) //nolint:noctx // stop ends it
	p.process.Dir = p.dir
	p.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.handOver(server.owner); err != nil {
		return fmt.Errorf("start PgBouncer: %w", err)
	}
	endWithParent(p.process.SysProcAttr)
	if err := p.process.Start(); err != nil {
		p.process = nil
		return fmt.Errorf("start PgBouncer: %w", err)
	}
	go func() {
		_ = p.process.Wait() // it is told to quit
		close(p.ended)
	}()
	return p.waitReady()
}

// handOver gives the files to the user that runs it: PgBouncer, too, refuses
// to run as root.
func (p *Pooler) handOver(to *owner) error {
	if to == nil {
		return nil
	}
	p.process.SysProcAttr.Credential = &syscall.Credential{Uid: to.uid, Gid: to.gid}
	for _, name := range []string{"", "ini", "users"} {
		if err := os.Chown(filepath.Join(p.dir, name), int(to.uid), int(to.gid)); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pooler) waitReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var dialer net.Dialer
	for {
		if c, err := dialer.DialContext(ctx, "unix", filepath.Join(p.dir, ".s.PGSQL.6432")); err == nil {
			return c.Close()
		}
		select {
		case <-p.ended:
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
			continue
		}
		log, _ := os.ReadFile(filepath.Join(p.dir, "log"))
		return fmt.Errorf("PgBouncer did not start: %s", strings.TrimSpace(string(log)))
	}
}

func (p *Pooler) stop() error {
	if p.process != nil {
		if err := p.process.Process.Signal(syscall.SIGQUIT); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("stop PgBouncer: %w", err)
		}
		<-p.ended
	}
	return os.RemoveAll(p.dir)
}

func poolerProgram() (string, error) {
	if program := os.Getenv(PoolerVariable); program != "" {
		return program, nil
	}
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", errors.New("no PgBouncer on PATH or in /usr/sbin; install it (apt-get install pgbouncer, brew install pgbouncer) or set " + PoolerVariable)
}
