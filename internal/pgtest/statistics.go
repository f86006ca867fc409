package pgtest

import (
	"context"
	"database/sql"
	"sync"
	"testing"
)

// StatisticsCluster keeps statistics of statements, those within functions too,
// where its package brings the extension pg_stat_statements.
type StatisticsCluster struct {
	*Cluster
	once      sync.Once
	installed bool
	err       error
}

// NewStatisticsCluster returns a cluster that starts when the first test asks
// for it.
func NewStatisticsCluster() *StatisticsCluster {
	return &StatisticsCluster{Cluster: NewCluster(Options{})}
}

// Installed starts the server, and reports whether its databases can have the
// extension.
func (c *StatisticsCluster) Installed(t testing.TB) bool {
	t.Helper()
	server := c.Server(t)
	c.once.Do(func() { c.installed, c.err = keepStatistics(server) })
	if c.err != nil {
		t.Fatal(c.err)
	}
	return c.installed
}

func keepStatistics(server *Server) (installed bool, err error) {
	db, err := sql.Open("postgres", server.URL("postgres"))
	if err != nil {
		return false, err
	}
	defer db.Close()
	err = db.QueryRowContext(context.Background(),
		"SELECT count(*) > 0 FROM pg_available_extensions WHERE name = 'pg_stat_statements'").Scan(&installed)
	if err != nil || !installed {
		return false, err
	}
	return true, server.Restart(Options{Settings: map[string]string{
		"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "all",
	}})
}
