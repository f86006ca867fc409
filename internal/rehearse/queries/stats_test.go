package queries_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/internal/rehearse/queries"
)

// remembered runs statements on one connection and returns what is read back.
func remembered(t *testing.T, db *sql.DB, texts ...string) queries.Workload {
	t.Helper()
	conn := connection(t, db)
	for _, text := range texts {
		run(t, conn, text)
	}
	w, err := queries.FromStatistics(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func withText(w queries.Workload, part string) []queries.Statement {
	return slices.DeleteFunc(slices.Clone(w.Statements), func(s queries.Statement) bool { return !strings.Contains(s.SQL, part) })
}

func TestStatisticsLeaveBooksAndUtilitiesOut(t *testing.T) {
	t.Parallel()
	db := statistics(t)
	w := remembered(t, db,
		"CREATE SCHEMA lockstep", "CREATE TABLE lockstep.history (a int)", "CREATE TABLE schema_migrations (version bigint)",
		"CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p_id int REFERENCES p)",
		"SELECT a FROM lockstep.history", "INSERT INTO lockstep.history VALUES (1)", "SELECT version FROM schema_migrations",
		"SELECT count(*) FROM pg_class", "SELECT table_name FROM information_schema.tables LIMIT 1", "VACUUM p",
		"INSERT INTO p VALUES (1)", "INSERT INTO c VALUES (1)", "SELECT id FROM p WHERE pg_sleep(0) IS NOT NULL", "SELECT 1 FROM pg_sleep(0)")
	var got []string
	for _, s := range w.Statements {
		got = append(got, s.SQL)
	}
	slices.Sort(got)
	want := []string{
		"INSERT INTO c VALUES ($1)", "INSERT INTO p VALUES ($1)", "SELECT $1 FROM pg_sleep($2)",
		"SELECT id FROM p WHERE pg_sleep($1) IS NOT NULL",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	if w.Seen.LeftOut < 10 || w.Seen.Calls != 4 || w.Seen.Hidden != 0 || w.Seen.Source != "pg_stat_statements" {
		t.Errorf("%+v", w.Seen)
	}
}

func TestStatisticsKnowWhatPreparedStatementsAndCursorsRun(t *testing.T) {
	t.Parallel()
	w := remembered(t, statistics(t),
		"CREATE TABLE p (id int)", "PREPARE x (int) AS SELECT id FROM p WHERE id = $1", "EXECUTE x (1)", "EXECUTE x (2)",
		"BEGIN", "DECLARE q CURSOR FOR SELECT id FROM p", "FETCH ALL FROM q", "COMMIT")
	byID := withText(w, "SELECT id FROM p WHERE id = $1")
	if len(byID) != 1 || !strings.HasPrefix(byID[0].SQL, "SELECT") || byID[0].Usage.Calls != 2 {
		t.Errorf("got %+v", w.Statements)
	}
	if all := withText(w, "SELECT id FROM p"); len(all) != 2 {
		t.Errorf("got %+v", all)
	}
}

func TestStatisticsOfFunctionsAndOtherDatabases(t *testing.T) {
	t.Parallel()
	db, other := statistics(t), statistics(t)
	remembered(t, other, "CREATE TABLE elsewhere (a int)", "SELECT a FROM elsewhere")
	w := remembered(t, db, "CREATE TABLE p (id int)",
		"CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS 'DECLARE n bigint; BEGIN SELECT count(*) INTO n FROM p; RETURN n; END'", "SELECT f()")
	if found := withText(w, "elsewhere"); len(found) != 0 {
		t.Errorf("got %+v", found)
	}
	var version int
	if err := db.QueryRowContext(t.Context(), "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		t.Fatal(err)
	}
	inside := withText(w, "count(*)")
	if len(inside) != 1 || inside[0].Nested != (version >= 140000) {
		t.Errorf("got %+v", inside)
	}
}

func TestStatisticsSayWhatIsHidden(t *testing.T) {
	t.Parallel()
	db := statistics(t)
	run(t, db, `CREATE TABLE p (id int); SELECT id FROM p; SELECT count(*) FROM p;
		CREATE ROLE looks; GRANT ALL ON p TO looks`)
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.Background(), "DROP OWNED BY looks; DROP ROLE looks"); err != nil {
			t.Error(err)
		}
	})
	conn := connection(t, db)
	run(t, conn, "SET ROLE looks")
	run(t, conn, "UPDATE p SET id = 1")
	w, err := queries.FromStatistics(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	run(t, conn, "RESET ROLE")
	if len(w.Statements) != 1 || w.Seen.Hidden < 2 || w.Seen.HiddenCalls < 2 || w.Statements[0].Users[0] != "looks" {
		t.Fatalf("%+v", w)
	}
	before, err := queries.Describe(t.Context(), connection(t, db), w.Statements)
	if err != nil {
		t.Fatal(err)
	}
	if safe, reason := queries.Verdict(nil, before, w.Seen); !safe || !strings.Contains(reason, "hidden from this role") {
		t.Errorf("%v %s", safe, reason)
	}
}

func TestStatementsAreTriedWithTheirUsersSearchPath(t *testing.T) {
	t.Parallel()
	db := statistics(t)
	run(t, db, `CREATE ROLE clerk LOGIN; CREATE SCHEMA clerk AUTHORIZATION clerk; CREATE SCHEMA "Shared";
		CREATE TABLE clerk.desk (a int); CREATE TABLE "Shared".desk (a text); CREATE TABLE "Shared".lamp (b int);
		GRANT ALL ON SCHEMA "Shared" TO clerk; GRANT ALL ON clerk.desk, "Shared".lamp TO clerk;
		ALTER ROLE clerk SET search_path = "$user", "Shared"`)
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.Background(), "DROP OWNED BY clerk CASCADE; DROP ROLE clerk"); err != nil {
			t.Error(err)
		}
	})
	var name string
	if err := db.QueryRowContext(t.Context(), "SELECT current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	clerk, err := sql.Open("postgres", strings.Replace(cluster.Server(t).URL(name), "postgres@", "clerk@", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer clerk.Close()
	run(t, clerk, "SELECT a, b FROM desk, lamp")
	w := remembered(t, db)
	found := withText(w, "desk, lamp")
	if len(found) != 1 || found[0].SearchPath != `"clerk", "Shared"` {
		t.Fatalf("%+v", found)
	}
	answers, err := queries.Describe(t.Context(), connection(t, db), found)
	if err != nil {
		t.Fatal(err)
	}
	if answers[0].Failure != nil || answers[0].Columns[0].Type.Name != "integer" {
		t.Errorf("%+v", answers[0])
	}
}

func TestWithoutStatisticsTheErrorSaysWhatToDo(t *testing.T) {
	t.Parallel()
	_, err := queries.FromStatistics(t.Context(), connection(t, database(t)))
	if !errors.Is(err, queries.ErrNoStatistics) || !strings.Contains(err.Error(), "CREATE EXTENSION pg_stat_statements") {
		t.Errorf("got %v", err)
	}
}

func TestUnloadedStatisticsSayWhatToDo(t *testing.T) {
	t.Parallel()
	if !cluster.Installed(t) {
		t.Skip("this server's package has no pg_stat_statements")
	}
	plain := pgtest.NewCluster(pgtest.Options{})
	t.Cleanup(func() {
		if err := plain.Server(t).Stop(); err != nil {
			t.Error(err)
		}
	})
	db, err := sql.Open("postgres", plain.Server(t).URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	run(t, db, "CREATE EXTENSION pg_stat_statements SCHEMA public")
	_, err = queries.FromStatistics(t.Context(), connection(t, db))
	if !errors.Is(err, queries.ErrNoStatistics) || !strings.Contains(err.Error(), "shared_preload_libraries") {
		t.Errorf("got %v", err)
	}
}

func TestStatisticsHoldNoValues(t *testing.T) {
	t.Parallel()
	w := remembered(t, statistics(t),
		"CREATE TABLE p (id int, s text)", "PREPARE x AS SELECT s FROM p WHERE s = 'a secret' AND id = 4711 ORDER BY 1 LIMIT 12", "EXECUTE x",
		"BEGIN", "DECLARE q CURSOR FOR SELECT id FROM p WHERE s = $$a secret$$", "FETCH ALL FROM q", "COMMIT",
		"SELECT s FROM p WHERE s = 'a secret' AND id = 4711 ORDER BY 1")
	for _, s := range w.Statements {
		if strings.Contains(s.SQL, "secret") || strings.Contains(s.SQL, "4711") {
			t.Error(s.SQL)
		}
	}
	for _, want := range []string{"SELECT s FROM p WHERE s = $1 AND id = $2 ORDER BY 1 LIMIT $3", "SELECT id FROM p WHERE s = $1", "SELECT s FROM p WHERE s = $1 AND id = $2 ORDER BY 1"} {
		if len(withText(w, want)) == 0 {
			t.Errorf("%s is not in %+v", want, w.Statements)
		}
	}
}
