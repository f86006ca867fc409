package contestant

import (
	"fmt"
	"path/filepath"

	"github.com/lockstep-dev/lockstep/internal/bench/corpus"
	"github.com/lockstep-dev/lockstep/internal/bench/process"
)

// peers are the tools that can be installed, at the versions that are compared.
func peers() []peer {
	return []peer{
		{
			name: "golang-migrate", version: "4.20.1", install: goModule{
				"github.com/golang-migrate/migrate/v4/cmd/migrate@v4.20.1", "postgres,file", "migrate",
			},
			tool: func(program string) Tool {
				run := func(verb string) func(Job) process.Command {
					return func(j Job) process.Command {
						return process.Command{Args: []string{program, "-path", j.Dir, "-database", j.url(), verb}}
					}
				}
				return Tool{layout: corpus.Pairs, apply: run("up"), status: run("version")}
			},
		},
		{
			name: "goose", version: "3.29.0", install: goModule{
				// The drivers of other databases are left out: not all of their
				// modules can be had everywhere.
				"github.com/pressly/goose/v3/cmd/goose@v3.29.0",
				"no_ydb,no_clickhouse,no_mssql,no_mysql,no_vertica,no_libsql,no_duckdb,no_spanner,no_starrocks,no_sqlite3,no_turso", "goose",
			},
			tool: func(program string) Tool {
				run := func(verb string) func(Job) process.Command {
					return func(j Job) process.Command {
						return process.Command{Args: []string{program, "-dir", j.Dir, "postgres", j.url(), verb}}
					}
				}
				return Tool{layout: corpus.Goose, apply: run("up"), status: run("status")}
			},
		},
		{
			name: "tern", version: "2.3.4", install: goModule{"github.com/jackc/tern/v2@v2.3.4", "", "tern"},
			tool: func(program string) Tool {
				run := func(verb string) func(Job) process.Command {
					return func(j Job) process.Command {
						return process.Command{Args: []string{program, verb, "-m", j.Dir, "--conn-string", j.url()}}
					}
				}
				return Tool{layout: corpus.Tern, apply: run("migrate"), status: run("status")}
			},
		},
		{
			name: "dbmate", version: "2.36.0", install: npmPackage{"dbmate@2.36.0", "node_modules/@dbmate/*/bin/dbmate"},
			tool: func(program string) Tool {
				run := func(verb string) func(Job) process.Command {
					return func(j Job) process.Command {
						// Without the option it runs pg_dump after each run.
						return process.Command{Args: []string{program, "--url", j.url(), "-d", j.Dir, "--no-dump-schema", verb}}
					}
				}
				return Tool{layout: corpus.Dbmate, apply: run("migrate"), status: run("status")}
			},
		},
		{name: "pgroll", version: "0.16.2", install: nowhere{"no npm or Debian package holds the program, and its Go module is not served by the public proxy"}},
	}
}

// Psql returns the floors: psql in one process, each file a transaction of its
// own, and everything in one transaction.
func Psql(folder, version string) (each, once Tool) {
	run := func(options ...string) func(Job) process.Command {
		return func(j Job) process.Command {
			args := append([]string{filepath.Join(folder, "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1"}, options...)
			args = append(args, "-d", j.Server(j.Database), "-f", filepath.Join(j.Dir, "all.sql"))
			return psqlTimeout(process.Command{Args: args}, j)
		}
	}
	each = Tool{Name: "psql, a transaction a file", Version: version, Kind: Floor, layout: corpus.Script, apply: run()}
	once = Tool{Name: "psql, one transaction", Version: version, Kind: Floor, layout: corpus.Script, apply: run("-1")}
	return each, once
}

// PsqlNewest returns psql with the newest file alone, for databases that have
// the others.
func PsqlNewest(folder, version string) Tool {
	each, _ := Psql(folder, version)
	each.Name, each.layout = "psql, the newest file", corpus.Newest
	return each
}

// psqlTimeout sets psql's lock timeout the way its manual says: in PGOPTIONS.
func psqlTimeout(c process.Command, j Job) process.Command {
	if j.LockTimeout > 0 {
		c.Env = append(c.Env, fmt.Sprintf("PGOPTIONS=-c lock_timeout=%d", j.LockTimeout.Milliseconds()))
	}
	return c
}
