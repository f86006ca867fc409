package mysqltest_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/mysqltest"
)

func TestClusterGivesEachTestADatabase(t *testing.T) {
	t.Parallel()
	cluster := mysqltest.NewCluster(mysqltest.Options{Settings: map[string]string{"lock-wait-timeout": "7"}})
	server := cluster.Server(t)
	folder := filepath.Dir(server.Socket())
	t.Run("databases", func(t *testing.T) {
		a, b := cluster.Database(t), cluster.Database(t)
		if a == b {
			t.Fatalf("both are %s", a)
		}
		for _, u := range []string{a, b} {
			var name string
			var setting int
			query(t, u, "select database(), @@lock_wait_timeout", &name, &setting)
			if !strings.HasSuffix(u, "/"+name) || setting != 7 {
				t.Errorf("%s: %s, %d", u, name, setting)
			}
		}
		if err := server.Exec("create table " + a[strings.LastIndex(a, "/")+1:] + ".t (a int)"); err != nil {
			t.Error(err)
		}
	})
	var left int
	query(t, server.URL(""), "select count(*) from information_schema.schemata where schema_name like 'test%'", &left)
	if left != 0 {
		t.Errorf("%d databases are left", left)
	}
	if err := server.Restart(mysqltest.Options{}); err != nil {
		t.Error(err)
	}
	query(t, server.URL(""), "select count(*) from information_schema.schemata", &left)
	if err := errors.Join(server.Stop(), server.Stop()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", folder, err)
	}
}

func query(t *testing.T, url, q string, into ...any) {
	t.Helper()
	db, err := sql.Open("mysql", strings.TrimPrefix(url, "mysql://"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), q).Scan(into...); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
}
