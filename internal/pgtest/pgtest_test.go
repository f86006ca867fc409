package pgtest_test

import (
	"database/sql"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

func TestClusterGivesEachTestADatabase(t *testing.T) {
	t.Parallel()
	cluster := pgtest.NewCluster(pgtest.Options{})
	server := cluster.Server(t)
	var folder string
	t.Run("databases", func(t *testing.T) {
		a, b := cluster.Database(t), cluster.Database(t)
		if a == b {
			t.Fatalf("both are %s", a)
		}
		for _, u := range []string{a, b} {
			var name, fsync string
			query(t, u, "select current_database(), current_setting('fsync')", &name, &fsync)
			if !strings.Contains(u, name) || fsync != "off" {
				t.Errorf("%s: %s, fsync %s", u, name, fsync)
			}
		}
		query(t, a, "select current_setting('unix_socket_directories')", &folder)
	})
	var left int
	query(t, server.URL("postgres"), "select count(*) from pg_database where datname like 'test%'", &left)
	if left != 0 {
		t.Errorf("%d databases are left", left)
	}
	if err := errors.Join(server.Stop(), server.Stop()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", folder, err)
	}
}

func TestRestartKeepsCommits(t *testing.T) {
	t.Parallel()
	opts := pgtest.Options{Fsync: true, Settings: map[string]string{"work_mem": "1MB"}}
	server, err := pgtest.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	}()
	var made string
	query(t, server.URL("postgres"), "create table t (a int); insert into t values (7) returning current_setting('work_mem')", &made)
	if err := server.Restart(opts); err != nil {
		t.Fatal(err)
	}
	var a int
	query(t, server.URL("postgres"), "select a from t", &a)
	if made != "1MB" || a != 7 {
		t.Errorf("got %s, %d", made, a)
	}
}

func TestReplicaFollows(t *testing.T) {
	t.Parallel()
	server, err := pgtest.Start(pgtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	replica, err := server.Replica(pgtest.Options{})
	if err != nil {
		t.Fatal(errors.Join(err, server.Stop()))
	}
	defer func() {
		if err := errors.Join(replica.Stop(), server.Stop()); err != nil {
			t.Error(err)
		}
	}()
	var made int
	query(t, server.URL("postgres"), "create table t (a int); insert into t values (7) returning a", &made)
	for deadline := time.Now().Add(time.Minute); ; {
		var reads, there bool
		query(t, replica.URL("postgres"), "select pg_is_in_recovery(), to_regclass('t') is not null", &reads, &there)
		if !reads {
			t.Fatal("the replica is not one")
		}
		if there {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the table did not reach the replica within a minute")
		}
	}
}

func query(t *testing.T, url, q string, into ...any) {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), q).Scan(into...); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
}
