package mysql_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/doctor"
	"github.com/lockstep-dev/lockstep/providers/database/mysql"
)

func checkUp(t *testing.T, settings json.RawMessage) map[string]doctor.Sign {
	t.Helper()
	signs := map[string]doctor.Sign{}
	for _, s := range mysql.New().CheckUp(t.Context(), settings) {
		signs[s.Subject] = s
		if s.Verdict != doctor.OK && (s.Why == "" || s.Next == "") {
			t.Errorf("no reason or no next step: %+v", s)
		}
		if strings.Contains(s.Seen+s.Why+s.Next, "hush-hush") {
			t.Errorf("a password is shown: %+v", s)
		}
	}
	return signs
}

func verdicts(t *testing.T, signs map[string]doctor.Sign, want map[string]doctor.Verdict) {
	t.Helper()
	for subject, verdict := range want {
		if signs[subject].Verdict != verdict {
			t.Errorf("%s: got %+v, want %s", subject, signs[subject], verdict)
		}
	}
}

func TestCheckUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply(b.step(1, "create table a (id int)", "drop table a"))
	signs := checkUp(t, b.database())
	verdicts(t, signs, map[string]doctor.Verdict{
		"server": doctor.OK, "rights": doctor.OK, "schema": doctor.OK, "locks": doctor.OK, "replicas": doctor.OK, "connections": doctor.OK, "clock": doctor.OK, "disk": doctor.OK,
	})
	if !strings.Contains(signs["schema"].Seen, "version 1") || !strings.Contains(signs["server"].Seen, "database "+b.name) || signs["engines"].Seen != "" {
		t.Errorf("%+v", signs)
	}
}

func TestCheckUpFindsWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`CREATE TABLE noted (id int) ENGINE=MyISAM; CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
		INSERT INTO schema_migrations VALUES (4, true)`)
	conn, err := b.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var got int
	if err := conn.QueryRowContext(context.Background(), `SELECT GET_LOCK(?, 0)`, b.migrationLock()).Scan(&got); err != nil || got != 1 {
		t.Fatal(got, err)
	}
	signs := checkUp(t, b.database())
	verdicts(t, signs, map[string]doctor.Verdict{"schema": doctor.Problem, "locks": doctor.Problem, "engines": doctor.Note})
	if !strings.Contains(signs["schema"].Seen, "version 4, dirty") || !strings.Contains(signs["locks"].Seen, "user root") || !strings.Contains(signs["engines"].Seen, "noted (MyISAM)") {
		t.Errorf("%+v", signs)
	}
	if !strings.Contains(signs["schema"].Why, "a migration is running") {
		t.Errorf("%+v", signs["schema"])
	}
	if seen, err := mysql.New().SurveyTools(t.Context(), b.database()); err != nil || !strings.Contains(seen.Migrating, "user root") {
		t.Errorf("%+v, %v", seen, err)
	}
	b.exec(`DROP TABLE schema_migrations; CREATE TABLE schema_migrations (version varchar(20) PRIMARY KEY)`)
	if s := checkUp(t, b.database())["schema"]; s.Verdict != doctor.Problem || !strings.Contains(s.Seen, "version varchar") || !strings.Contains(s.Next, "lockstep import") {
		t.Errorf("%+v", s)
	}
}

func TestCheckUpOfAUserWithFewRights(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if s := checkUp(t, b.database())["schema"]; s.Verdict != doctor.OK {
		t.Errorf("an empty database: %+v", s)
	}
	user := "weak_" + b.name
	b.exec("CREATE TABLE theirs (id int); CREATE USER " + user + "@localhost IDENTIFIED BY 'hush-hush'; GRANT SELECT, CREATE ON `" + b.name + "`.* TO " + user + "@localhost")
	t.Cleanup(func() { b.exec("DROP USER " + user + "@localhost") })
	b.url = strings.Replace(b.url, "root@", user+":hush-hush@", 1)
	signs := checkUp(t, b.database())
	verdicts(t, signs, map[string]doctor.Verdict{"server": doctor.OK, "schema": doctor.Note, "rights": doctor.Problem, "transactions": doctor.Note, "connections": doctor.OK})
	if s := signs["rights"]; !strings.Contains(s.Seen, "INSERT") || strings.Contains(s.Seen, "SELECT") || !strings.Contains(s.Next, "GRANT ALL ON `"+b.name+"`.*") {
		t.Errorf("%+v", s)
	}
	b.url = strings.Replace(b.url, ":hush-hush@", ":wrong-hush-hush@", 1)
	verdicts(t, checkUp(t, b.database()), map[string]doctor.Verdict{"server": doctor.Unreachable})
}
