package postgres_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/doctor"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// block is a database block's settings.
func block(dsn, more string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"name":"orders","driver":"postgres","url":%q,"migrations":"m"%s}`, dsn, more))
}

func checkUp(t *testing.T, dsn, more string) map[string]doctor.Sign {
	t.Helper()
	signs := map[string]doctor.Sign{}
	for _, s := range postgres.New().CheckUp(t.Context(), block(dsn, more)) {
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

// with returns the URL with another user, and a password that nobody asks for.
func with(t *testing.T, dsn, user string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(user, "hush-hush")
	return u.String()
}

func TestCheckUpOfAServerThatIsReady(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply(b.step(1, "create table a (id int)", "drop table a"))
	signs := checkUp(t, b.url, "")
	for _, s := range signs {
		if s.Verdict != doctor.OK && s.Subject != "statements" && s.Subject != "transactions" {
			t.Errorf("%+v", s)
		}
	}
	if !strings.Contains(signs["schema"].Seen, "version 1") || !strings.Contains(signs["server"].Seen, "primary") {
		t.Errorf("%+v", signs)
	}
}

func TestCheckUpFindsWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`CREATE TABLE mine (id int); INSERT INTO mine VALUES (1), (1);
		ALTER TABLE mine ADD CONSTRAINT positive CHECK (id > 5) NOT VALID;
		CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
		INSERT INTO schema_migrations VALUES (4, true)`)
	if _, err := b.db.ExecContext(t.Context(), `CREATE UNIQUE INDEX CONCURRENTLY once ON mine (id)`); err == nil {
		t.Fatal("the index should be INVALID")
	}
	migrateLock(t, b)
	signs := checkUp(t, b.url, "")
	verdicts(t, signs, map[string]doctor.Verdict{
		"indexes": doctor.Note, "constraints": doctor.Note, "schema": doctor.Problem, "locks": doctor.Problem, "owner": doctor.OK,
	})
	if !strings.Contains(signs["indexes"].Seen, "once") || !strings.Contains(signs["constraints"].Seen, "positive on mine") ||
		!strings.Contains(signs["locks"].Seen, "pid") {
		t.Errorf("%+v", signs)
	}
}

func TestCheckUpOfARoleWithFewRights(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	name := b.get(`SELECT current_database()`)
	role := "weak_" + name
	b.exec(`CREATE TABLE theirs (id int); REVOKE CREATE ON SCHEMA public FROM public; CREATE ROLE ` + role + ` LOGIN;
		ALTER ROLE ` + role + ` SET lock_timeout = '3s'`)
	t.Cleanup(func() { b.exec(`DROP OWNED BY ` + role + `; DROP ROLE ` + role) })
	weak := with(t, b.url, role)
	signs := checkUp(t, weak, "")
	verdicts(t, signs, map[string]doctor.Verdict{"rights": doctor.Problem, "owner": doctor.Note, "sight": doctor.Note, "server": doctor.OK})
	if !strings.Contains(signs["rights"].Next, "GRANT CREATE ON SCHEMA public TO "+role) || !strings.Contains(signs["settings"].Seen, "lock_timeout 3s") {
		t.Errorf("%+v", signs)
	}

	b.exec(`GRANT CREATE ON SCHEMA public TO ` + role)
	signs = checkUp(t, weak, "")
	if !strings.Contains(signs["rights"].Next, "CREATE SCHEMA lockstep") {
		t.Errorf("%+v", signs["rights"])
	}
	b.exec(`ALTER ROLE ` + role + ` SET default_transaction_read_only = on`)
	verdicts(t, checkUp(t, weak, ""), map[string]doctor.Verdict{"settings": doctor.Problem})

	b.exec(`REVOKE CONNECT ON DATABASE ` + name + ` FROM public`)
	signs = checkUp(t, weak, "")
	verdicts(t, signs, map[string]doctor.Verdict{"server": doctor.Unreachable})
	if !strings.Contains(signs["server"].Next, "GRANT CONNECT ON DATABASE "+name+" TO "+role) {
		t.Errorf("%+v", signs["server"])
	}
}

func TestCheckUpSeesPoolerAndLease(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply(b.lease(b.step(1, "create table a (id int)", "drop table a")))
	b.exec(`UPDATE lockstep.lease SET run = 'r-0007', expires_at = clock_timestamp() + interval '1 hour'`)
	pooled := b.behind("transaction").url
	signs := checkUp(t, pooled, "")
	verdicts(t, signs, map[string]doctor.Verdict{"pooler": doctor.Problem, "locks": doctor.Problem})
	if !strings.Contains(signs["locks"].Seen, "r-0007") || !strings.Contains(signs["pooler"].Next, "direct_url") {
		t.Errorf("%+v", signs)
	}
	verdicts(t, checkUp(t, pooled, `,"lock":"lease"`), map[string]doctor.Verdict{"pooler": doctor.Note})

	other := newBench(t)
	verdicts(t, checkUp(t, pooled, fmt.Sprintf(`,"direct_url":%q`, other.url)), map[string]doctor.Verdict{"pooler": doctor.OK, "direct_url": doctor.Problem})
	if s, ok := checkUp(t, pooled, fmt.Sprintf(`,"direct_url":%q`, b.url))["direct_url"]; ok {
		t.Errorf("%+v", s)
	}
}

// TestBadURLs: each tells what is wrong and what to do, at planning and in the
// doctor's room, and no secret.
func TestBadURLs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	name := b.get(`SELECT current_database()`)
	socket := b.get(`SELECT current_setting('unix_socket_directories')`)
	tests := map[string]struct{ url, want string }{
		"percent":   {"postgres://u:hush%sshush-hush@h/d", "value hidden"},
		"scheme":    {"mysql://u:hush-hush@h/d", "postgres://"},
		"sslmode":   {"postgres://u:hush-hush@h/d?sslmode=bogus", `sslmode "bogus" is not known, expected one of disable`},
		"host":      {"postgres://u:hush-hush@no-such-host.invalid/d?sslmode=disable", "check the host's name"},
		"port":      {"postgres://u:hush-hush@127.0.0.1:1/d?sslmode=disable", "nothing answers at port 1 of 127.0.0.1"},
		"socket":    {"postgres://u:hush-hush@/d?host=/nowhere&sslmode=disable", "nothing answers"},
		"database":  {"postgres://postgres:hush-hush@/nosuch?sslmode=disable&host=" + socket, "createdb"},
		"user":      {"postgres://nosuch:hush-hush@/" + name + "?sslmode=disable&host=" + socket, "refuses user nosuch"},
		"tls":       {"postgres://postgres:hush-hush@/" + name + "?sslmode=require&host=" + socket, ""},
		"parameter": {"postgres://postgres:hush-hush@/" + name + "?sslmode=disable&nonsense=1&host=" + socket, "nonsense"},
	}
	for which, test := range tests {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			if test.want == "" {
				t.Skip("a unix socket has no TLS, and the driver knows")
			}
			_, err := postgres.New().Observe(t.Context(), providers.ObserveRequest{Address: "database.orders", Settings: block(test.url, "")})
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hush-hush") {
				t.Errorf("observe: %v", err)
			}
			s := checkUp(t, test.url, "")["server"]
			if s.Verdict != doctor.Unreachable || !strings.Contains(s.Seen+s.Next, test.want) {
				t.Errorf("check up: %+v", s)
			}
		})
	}
}

// TestWrongPassword needs a server that asks for one.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	hba := b.get(`SELECT current_setting('hba_file')`)
	if hba == "" {
		t.Fatal("no hba_file")
	}
	role := "asked_" + b.get(`SELECT current_database()`)
	b.exec(`CREATE ROLE ` + role + ` LOGIN PASSWORD 'right'`)
	t.Cleanup(func() { b.exec(`DROP ROLE ` + role) })
	prepend(t, hba, "local all "+role+" scram-sha-256\n")
	b.exec(`SELECT pg_reload_conf()`)
	var s doctor.Sign
	for begun := time.Now(); time.Since(begun) < time.Minute; { // until the server has read the file
		if s = checkUp(t, with(t, b.url, role), "")["server"]; s.Verdict == doctor.Unreachable {
			break
		}
	}
	if !strings.Contains(s.Seen, "28P01") || !strings.Contains(s.Next, "check user and password") {
		t.Errorf("%+v", s)
	}
}

// prepend writes a line in front of a file, and takes it out at the end.
func prepend(t *testing.T, file, line string) {
	t.Helper()
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(content string) {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(line + string(before))
	t.Cleanup(func() { write(string(before)) })
}

// TestCheckUpDoesNotWait: another tool holds the version table.
func TestCheckUpDoesNotWait(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)`)
	tx, err := b.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	if _, err := tx.ExecContext(t.Context(), `TRUNCATE schema_migrations`); err != nil {
		t.Fatal(err)
	}
	verdicts(t, checkUp(t, b.url, ""), map[string]doctor.Verdict{"schema": doctor.Note, "locks": doctor.OK, "statements": doctor.Note})
}

// TestCheckUpOfAReplica: the standby is refused, the primary names it.
func TestCheckUpOfAReplica(t *testing.T) {
	t.Parallel()
	b, replica := following(t)
	verdicts(t, checkUp(t, replica.url, ""), map[string]doctor.Verdict{"server": doctor.Problem})
	verdicts(t, checkUp(t, b.url, ""), map[string]doctor.Verdict{"server": doctor.OK, "replicas": doctor.OK})

	_, err := postgres.New().Apply(t.Context(), replica.step(1, "create table a (id int)", "drop table a"))
	if err == nil || !strings.Contains(err.Error(), "use the primary's url") {
		t.Errorf("apply: %v", err)
	}
}

// TestCheckUpOfARoleThatMayNotReadTheHistory: the rest is judged all the same,
// and nothing is said that was not seen.
func TestCheckUpOfARoleThatMayNotReadTheHistory(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply(b.step(1, "create table a (id int)", "drop table a"))
	role := "stranger_" + b.get(`SELECT current_database()`)
	b.exec(`CREATE ROLE ` + role + ` LOGIN; GRANT CREATE ON SCHEMA public TO ` + role)
	t.Cleanup(func() { b.exec(`DROP OWNED BY ` + role + `; DROP ROLE ` + role) })
	signs := checkUp(t, with(t, b.url, role), "")
	verdicts(t, signs, map[string]doctor.Verdict{"rights": doctor.Problem, "owner": doctor.Note, "schema": doctor.Problem})
	if !strings.Contains(signs["rights"].Seen, "may not write to schema lockstep") || !strings.Contains(signs["owner"].Seen, "2 of 2 tables belong to others") ||
		!strings.Contains(signs["schema"].Next, "GRANT USAGE ON SCHEMA lockstep TO "+role) {
		t.Errorf("%+v", signs)
	}
}
