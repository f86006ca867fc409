package rehearse

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

// hostile are files of a stranger's branch, with what they would leave on the
// machine that rehearses them, or show of it.
func hostile(mark string) []plans.MigrationFile {
	run := fmt.Sprintf("COPY (SELECT 1) TO PROGRAM 'touch %s'", mark)
	hidden := "EXECUTE $q$COPY (SELECT 1) TO PROG$q$ || $q$RAM 'touch " + mark + "'$q$;"
	return files(
		"CREATE TABLE stolen (line text);", "DROP TABLE stolen;",
		run+";", "",
		"DO $$ BEGIN "+hidden+" END $$;", "",
		"COPY stolen FROM '/etc/passwd';", "",
		"SELECT lo_export(lo_from_bytea(0, 'x'), '"+mark+"');", "",
		"INSERT INTO stolen SELECT pg_read_file('/etc/passwd');", "",
		"CREATE EXTENSION file_fdw;", "",
		"CREATE FUNCTION run() RETURNS int LANGUAGE c AS 'libc.so.6', 'system';", "",
		"ALTER TABLE stolen OWNER TO lockstep_superuser;", "",
		"SET SESSION AUTHORIZATION lockstep_superuser;", "",
		"DO $$ BEGIN EXECUTE 'GRANT pg_execute_server_program TO ' || quote_ident(session_user); "+hidden+" END $$;", "",
		"CREATE FUNCTION trap() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "+hidden+" END $$; CREATE EVENT TRIGGER trap ON ddl_command_end EXECUTE FUNCTION trap();", "",
		"CREATE FUNCTION now_and_then() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN "+hidden+" RETURN 1; END $$;"+
			"CREATE FUNCTION filled() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "+hidden+" RETURN NEW; END $$;"+
			"CREATE TRIGGER filled BEFORE INSERT ON stolen EXECUTE FUNCTION filled();", "",
		"ALTER TABLE stolen ADD CHECK (line <> '');", "ALTER TABLE stolen DROP CONSTRAINT stolen_line_check;",
	)
}

// TestNoFileRunsAsASuperuser has files of a stranger try what one could do, on a
// server of our own and on one that is named by its superuser.
func TestNoFileRunsAsASuperuser(t *testing.T) {
	t.Parallel()
	folder, err := os.MkdirTemp("", "lockstep-hostile-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o777); err != nil { //nolint:gosec // the server's user would write there
		t.Fatal(err)
	}
	mark := filepath.Join(folder, "was_here")
	queries := write(t, "q.sql", "-- name: Trap :one\nSELECT now_and_then() WHERE now_and_then() = 1;\n")
	for name, r := range map[string]Request{
		"own, folder": {}, "own, target": {Target: target(t)},
		"named, folder": {Scratch: named(t)}, "named, target": {Target: target(t), Scratch: named(t)},
	} {
		t.Run(name, func(t *testing.T) {
			r.Pending, r.Queries = hostile(mark), queries
			done := rehearsed(t, r)
			if _, err := os.Stat(mark); err == nil {
				t.Error("a file ran a program")
			}
			for version := uint64(2); version <= 12; version++ {
				e := done.Files[version].Rehearsal
				if e.Up == plans.OutcomeOK || len(e.Differences) == 0 {
					t.Errorf("%d: %+v", version, e)
				}
			}
			for _, version := range []uint64{1, 13, 14} {
				if e := done.Files[version].Rehearsal; e.Up != plans.OutcomeOK {
					t.Errorf("%d: %+v", version, e)
				}
			}
			said(t, done, 2, "db/0002_m.up.sql:1: COPY ... PROGRAM runs a program on the server's machine")
			said(t, done, 3, "not rehearsed: it needs a superuser", "to COPY to or from an external program")
		})
	}
}

// TestWhatASuperuserDoesOnTheSide are files that need one for what is harmless.
func TestWhatASuperuserDoesOnTheSide(t *testing.T) {
	t.Parallel()
	done := rehearsed(t, Request{Pending: files(
		`CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA public; CREATE EXTENSION IF NOT EXISTS plpgsql; COMMENT ON EXTENSION plpgsql IS 'as old dumps have it';`,
		`DROP EXTENSION "uuid-ossp"; COMMENT ON EXTENSION plpgsql IS 'PL/pgSQL procedural language';`,
		`CREATE EXTENSION pgstattuple;`, `DROP EXTENSION pgstattuple;`,
		`CREATE ROLE "Shop" NOLOGIN; CREATE TABLE t (id int); ALTER TABLE t OWNER TO "Shop"; GRANT USAGE ON SCHEMA public TO "Shop";`,
		`DROP TABLE t; REVOKE USAGE ON SCHEMA public FROM "Shop"; DROP ROLE "Shop";`,
		`CREATE TABLE u (id int); ALTER TABLE u OWNER TO nobody_made_it;`, `DROP TABLE u;`,
	)})
	for version, e := range done.Files {
		if e.Rehearsal.Up != plans.OutcomeOK || !e.Rehearsal.Restores {
			t.Errorf("%d: %+v", version, e.Rehearsal)
		}
	}
}

// TestRightsOfTheTargetsRole are those that it has at the target: what it may
// not do there fails here.
func TestRightsOfTheTargetsRole(t *testing.T) {
	t.Parallel()
	url := target(t)
	deployer := as(t, url, "deployer_of_rights")
	run(t, url, `CREATE ROLE owner_of_rights; GRANT owner_of_rights TO deployer_of_rights; GRANT CREATE ON SCHEMA public TO owner_of_rights;
		GRANT SELECT ON ALL TABLES IN SCHEMA public TO deployer_of_rights; CREATE TABLE theirs (id int); ALTER TABLE theirs OWNER TO owner_of_rights`)
	t.Cleanup(func() {
		db := open(t, url)
		if _, err := db.Exec("DROP OWNED BY owner_of_rights, deployer_of_rights; DROP ROLE owner_of_rights"); err != nil {
			t.Error(err)
		}
	})
	done := rehearsed(t, Request{Target: deployer, Pending: files(
		"ALTER TABLE theirs ADD n int;", "ALTER TABLE theirs DROP n;",
		"ALTER TABLE orders ADD x int;", "ALTER TABLE orders DROP x;",
		"INSERT INTO theirs VALUES (1); UPDATE theirs SET n = 2;", "DELETE FROM theirs;",
		"CREATE ROLE another;", "DROP ROLE another;",
	)})
	if done.Basis != BasisTarget || !done.Files[1].Rehearsal.Restores || done.Files[3].Rehearsal.Up != plans.OutcomeOK {
		t.Errorf("%+v", done)
	}
	for version, want := range map[uint64]string{2: "must be owner of table orders", 4: "permission denied to create role"} {
		if e := done.Files[version].Rehearsal; e.Up != plans.OutcomeFailed || !strings.Contains(strings.Join(e.Differences, "\n"), want) {
			t.Errorf("%d: %+v", version, e)
		}
	}
}
