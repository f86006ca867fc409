package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// keeper becomes the server, and leaves behind a watcher of the pipe on
// standard input: when the pipe's other end closes without a word, which the
// kernel does for a killed process, the server ends at once (SIGQUIT is its
// immediate shutdown). The watcher is no child of the server, which would take
// its end for the crash of a backend.
const keeper = `exec 4<&0
( ( read -r _ <&4 || kill -QUIT $$ ) >/dev/null 2>&1 3>&- & )
exec "$@" 4<&- </dev/null`

// process is a server that was started here.
type process struct {
	command *exec.Cmd
	// leash is our end of the keeper's pipe.
	leash *os.File
	ended chan struct{}
}

// run starts the server on the data folder and waits until it answers.
func (l launch) run(ctx context.Context) (*Server, error) {
	p, err := l.spawn()
	if err != nil {
		return nil, l.explain("start the server", err, nil)
	}
	s := &Server{address: ownAddress(l.room.inner()), run: newRun(time.Now()), own: true}
	s.end = func() error { return errors.Join(s.disconnect(), p.stop(), l.room.remove()) }
	if err := s.awaitReady(ctx, p); err != nil {
		return nil, errors.Join(l.explain("start the server", err, l.logged()), s.disconnect(), p.stop())
	}
	if err := s.enact(ctx, l.Role); err != nil {
		return nil, errors.Join(err, s.disconnect(), p.stop())
	}
	return s, nil
}

func (l launch) logged() []byte {
	content, _ := os.ReadFile(l.room.log()) // no log is no more than an error without one
	return content
}

func (l launch) spawn() (*process, error) {
	log, err := os.OpenFile(l.room.log(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	held, leash, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer held.Close()
	args := append([]string{"-c", keeper, "lockstep", filepath.Join(l.Binaries.Folder, "postgres"), "-D", l.room.data()}, settings(l.room.inner())...)
	c := exec.Command("/bin/sh", args...) //nolint:noctx // it serves for longer than any one call; the leash ends it
	c.Dir, c.Env, c.SysProcAttr = l.room.inner(), l.environment(), l.account.apart()
	c.Stdin, c.Stdout, c.Stderr = held, log, log
	c.ExtraFiles = []*os.File{l.room.server}
	if err := c.Start(); err != nil {
		return nil, errors.Join(err, leash.Close())
	}
	p := &process{command: c, leash: leash, ended: make(chan struct{})}
	go p.wait()
	return p, nil
}

// wait lets the watcher go as soon as the server has ended: its number may soon
// be another process's.
func (p *process) wait() {
	_ = p.command.Wait() // an immediate shutdown ends with an error by design
	_, _ = p.leash.Write([]byte{'\n'})
	_ = p.leash.Close()
	close(p.ended)
}

// stop ends the server with all its processes. Stopping twice is harmless.
func (p *process) stop() error {
	const patience = 15 * time.Second
	if err := p.command.Process.Signal(syscall.SIGQUIT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the scratch server: %w", err)
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		_ = syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL) // the session is the server's own
		<-p.ended
	}
	return nil
}

// settings are those of a server that is thrown away, and that measures: what
// it does follows from the statements alone, so nothing works in the background
// or in parallel. Its log never holds a statement.
func settings(socket string) []string {
	all := [][2]string{
		{"listen_addresses", ""},
		{"unix_socket_directories", socket},
		{"unix_socket_permissions", "0700"},
		{"port", socketPort},
		{"fsync", "off"},
		{"synchronous_commit", "off"},
		{"full_page_writes", "off"},
		{"wal_level", "replica"},
		{"max_wal_senders", "0"},
		{"max_wal_size", "256MB"},
		{"wal_init_zero", "off"},
		{"shared_buffers", "32MB"},
		{"dynamic_shared_memory_type", "mmap"},
		{"max_connections", "40"},
		{"max_locks_per_transaction", "2048"},
		{"autovacuum", "off"},
		{"jit", "off"},
		{"track_functions", "all"},
		{"track_counts", "on"},
		{"max_parallel_workers_per_gather", "0"},
		{"max_parallel_maintenance_workers", "0"},
		{"max_logical_replication_workers", "0"},
		{"shared_preload_libraries", ""},
		{"session_preload_libraries", ""},
		{"local_preload_libraries", ""},
		{"logging_collector", "off"},
		{"log_destination", "stderr"},
		{"log_min_messages", "warning"},
		{"log_statement", "none"},
		{"log_min_error_statement", "panic"},
		{"log_min_duration_statement", "-1"},
		{"lc_messages", "C"},
	}
	var args []string
	for _, s := range all {
		args = append(args, "-c", s[0]+"="+s[1])
	}
	return args
}

func (s *Server) awaitReady(ctx context.Context, p *process) error {
	const patience, pause = time.Minute, 10 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := s.connect(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		case <-time.After(pause):
		}
	}
}
