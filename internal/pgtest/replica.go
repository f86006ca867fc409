package pgtest

import (
	"errors"
	"fmt"
	"strings"
)

// Replica starts a streaming replica of the server: a copy that follows what
// the server commits and answers queries that read. The options are those of a
// server; a replica needs max_connections and the like at least as large as the
// server's. The caller stops it, before the server.
func (s *Server) Replica(opts Options) (*Server, error) {
	r := &Server{bin: s.bin, owner: s.owner}
	if err := r.makeFolder(opts); err != nil {
		return nil, err
	}
	copied := r.command("pg_basebackup", "--pgdata", r.data(), "--host", s.dir, "--username", "postgres",
		"--write-recovery-conf", "--checkpoint", "fast", "--wal-method", "stream", "--no-sync",
		"--create-slot", "--slot", fmt.Sprintf("replica_%d", s.replicas.Add(1))) // keeps the log that it lacks
	if out, err := copied.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("pg_basebackup: %w: %s", err, strings.TrimSpace(string(out))), r.Stop())
	}
	if err := r.launch(opts); err != nil {
		return nil, errors.Join(err, r.Stop())
	}
	return r, nil
}
