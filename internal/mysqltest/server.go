package mysqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/lockstep-dev/lockstep/internal/scratch"
)

// Options are what a server can be asked for. The zero value is a fast server
// that does not survive a power cut.
type Options struct {
	// Fsync makes commits durable, as in production.
	Fsync bool
	// Settings are further server settings, by name.
	Settings map[string]string
}

// Server is a running MariaDB or MySQL.
type Server struct {
	folder  *scratch.Folder
	dir     string // its path: holds data and the socket
	tools   programs
	process *exec.Cmd
	owner   *owner
}

// owner is the unprivileged user that runs the server when we are root.
type owner struct{ uid, gid uint32 }

// Start makes a data folder and runs a server on it. The caller stops it.
func Start(opts Options) (*Server, error) {
	tools, err := find()
	if err != nil {
		return nil, err
	}
	s := &Server{tools: tools}
	if s.owner, err = unprivileged(); err != nil {
		return nil, err
	}
	// Ubuntu's AppArmor lets MySQL into /tmp, and not into memory.
	if s.folder, err = scratch.OnDisk("my"); err != nil {
		return nil, fmt.Errorf("start MariaDB: %w", err)
	}
	s.dir = s.folder.Path
	if err := s.start(opts); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) start(opts Options) error {
	if s.owner != nil {
		if err := os.Chown(s.dir, int(s.owner.uid), int(s.owner.gid)); err != nil {
			return fmt.Errorf("start MariaDB: %w", err)
		}
	}
	initialise := s.command(s.tools.initialise(s.data()))
	if out, err := initialise.CombinedOutput(); err != nil {
		return fmt.Errorf("make a data folder for MariaDB: %w: %s", err, lastLines(out))
	}
	return s.run(opts)
}

func (s *Server) run(opts Options) error {
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start MariaDB: %w", err)
	}
	defer log.Close()
	s.process = s.command(append([]string{s.tools.server}, s.arguments(opts)...))
	s.process.Stdout, s.process.Stderr = log, log
	endWithParent(s.process.SysProcAttr)
	if err := s.process.Start(); err != nil {
		s.process = nil
		return fmt.Errorf("start MariaDB: %w", err)
	}
	return s.waitReady()
}

func (s *Server) arguments(opts Options) []string {
	settings := map[string]string{
		"datadir": s.data(), "socket": s.socket(), "pid-file": filepath.Join(s.dir, "pid"), "skip-networking": "ON",
		"max-connections": "200", "innodb-buffer-pool-size": "32M", "innodb-log-file-size": "16M", "tmpdir": s.dir,
	}
	if !opts.Fsync {
		settings["innodb-flush-log-at-trx-commit"], settings["innodb-doublewrite"] = "0", "0"
	}
	for name, value := range opts.Settings {
		settings[name] = value
	}
	args := []string{"--no-defaults"}
	for name, value := range settings {
		args = append(args, "--"+name+"="+value)
	}
	return args
}

// waitReady asks the server itself: the socket is there before it answers.
func (s *Server) waitReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	db, err := sql.Open("mysql", strings.TrimPrefix(s.URL(""), "mysql://"))
	if err != nil {
		return fmt.Errorf("start MariaDB: %w", err)
	}
	defer db.Close()
	for {
		if conn, err := (&net.Dialer{}).DialContext(ctx, "unix", s.socket()); err == nil {
			_ = conn.Close() // it was to see whether somebody listens
			if err = db.PingContext(ctx); err == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(s.log())
			return fmt.Errorf("MariaDB did not start within two minutes: %s", lastLines(log))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Server) command(line []string) *exec.Cmd {
	cmd := exec.Command(line[0], line[1:]...) //nolint:noctx // Stop ends it
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + filepath.Dir(s.tools.server) + ":/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=" + s.dir, "TMPDIR=" + s.dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if s.owner != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: s.owner.uid, Gid: s.owner.gid}
	}
	return cmd
}

func (s *Server) data() string   { return filepath.Join(s.dir, "data") }
func (s *Server) socket() string { return filepath.Join(s.dir, "sock") }
func (s *Server) log() string    { return filepath.Join(s.dir, "log") }

// Socket is the path of the unix socket.
func (s *Server) Socket() string { return s.socket() }

// URL returns the connection URL of a database in golang-migrate's form, as
// the server's root user.
func (s *Server) URL(database string) string {
	config := mysql.NewConfig()
	config.User, config.Net, config.Addr, config.DBName = "root", "unix", s.socket(), database
	return "mysql://" + config.FormatDSN()
}

// Restart ends the server as a crash would and starts it again.
func (s *Server) Restart(opts Options) error {
	if err := s.quit(); err != nil {
		return err
	}
	return s.run(opts)
}

// Stop ends the server and deletes its files. Stopping twice is harmless.
func (s *Server) Stop() error {
	return errors.Join(s.quit(), s.folder.Remove())
}

// quit kills the server: its files are thrown away, or are to be found as a
// crash leaves them.
func (s *Server) quit() error {
	if s.process == nil {
		return nil
	}
	process := s.process
	s.process = nil
	if err := process.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop MariaDB: %w", err)
	}
	_ = process.Wait() // it was killed
	return nil
}

func unprivileged() (*owner, error) {
	if os.Getuid() != 0 {
		return nil, nil //nolint:nilnil // no other user is needed
	}
	for _, name := range []string{"mysql", "nobody"} {
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
	return nil, errors.New("MariaDB is not to run as root, and neither user mysql nor nobody exists")
}

// lastLines keeps an error readable.
func lastLines(out []byte) string {
	const most = 2000
	text := strings.TrimSpace(string(out))
	if len(text) > most {
		text = "... " + text[len(text)-most:]
	}
	return text
}
