package sqlsecret_test

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/internal/sqlsecret"
)

func TestMask(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"CREATE ROLE app LOGIN PASSWORD 'canary1'":                                        "CREATE ROLE app LOGIN PASSWORD '***'",
		"alter user app with encrypted password E'canary1' valid until '2027-01-01'":      "alter user app with encrypted password '***' valid until '2027-01-01'",
		"ALTER ROLE app PASSWORD $$canary1$$":                                             "ALTER ROLE app PASSWORD '***'",
		"CREATE USER MAPPING FOR app SERVER s OPTIONS (user 'app', password 'canary1')":   "CREATE USER MAPPING FOR app SERVER s OPTIONS (user 'app', password '***')",
		`ALTER USER MAPPING FOR app SERVER s OPTIONS (SET "password" 'canary1')`:          `ALTER USER MAPPING FOR app SERVER s OPTIONS (SET "password" '***')`,
		"CREATE SUBSCRIPTION s CONNECTION 'host=h password=canary1 user=u' PUBLICATION p": "CREATE SUBSCRIPTION s CONNECTION 'host=h password=*** user=u' PUBLICATION p",
		"SELECT dblink_connect('postgres://u:canary1@h/d')":                               "SELECT dblink_connect('postgres://u:***@h/d')",
		"SELECT dblink('host=h password=canary1', 'SELECT 1')":                            "SELECT dblink('host=h password=***', 'SELECT 1')",
		"DO $$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ''canary1'''; END $$":                 "DO '***'",
		"DO $$ BEGIN\nALTER ROLE a PASSWORD 'canary1';\nEND $$":                           "DO '***\n\n'",
		"UPDATE users SET password = 'canary1'":                                           "UPDATE users SET password = '***'",
		"SET PASSWORD FOR app = 'canary1'":                                                "SET PASSWORD FOR app = '***'",
		"CREATE USER app IDENTIFIED BY 'canary1'":                                         "CREATE USER app IDENTIFIED BY '***'",
		"CREATE USER app IDENTIFIED WITH caching_sha2_password BY 'canary1'":              "CREATE USER app IDENTIFIED WITH caching_sha2_password BY '***'",

		"ALTER ROLE app PASSWORD NULL":                             "ALTER ROLE app PASSWORD NULL",
		"CREATE TABLE u (password text DEFAULT 'none')":            "CREATE TABLE u (password text DEFAULT 'none')",
		"ALTER TABLE u ALTER token SET DEFAULT ''":                 "ALTER TABLE u ALTER token SET DEFAULT ''",
		"COMMENT ON COLUMN u.password IS 'a hash'":                 "COMMENT ON COLUMN u.password IS 'a hash'",
		"INSERT INTO kinds VALUES ('password', 'http://h:8080/x')": "INSERT INTO kinds VALUES ('password', 'http://h:8080/x')",
		"SELECT 'password: choose one'":                            "SELECT 'password: choose one'",
		"SELECT * FROM t GROUP BY 'x', secret":                     "SELECT * FROM t GROUP BY 'x', secret",
	} {
		statements, err := sqlscan.Split([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := sqlsecret.Mask(text, sqlsecret.In(statements)); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	statements, err := sqlscan.Split([]byte("SELECT 1;\nCREATE ROLE a\n  PASSWORD 'x1';\nUPDATE a SET token =\n'y'"))
	if err != nil {
		t.Fatal(err)
	}
	got := sqlsecret.In(statements)
	if len(got) != 2 || got[0].Line != 3 || !got[0].Sure || got[1].Line != 5 || got[1].Sure {
		t.Errorf("%+v", got)
	}
	if text := sqlsecret.Mask("a 'x' b 'x1' c 'y'", got); text != "a 'x' b '***' c '***'" {
		t.Errorf("%s", text)
	}
}

// FuzzMask: what stands behind PASSWORD is never shown, and lines stay.
func FuzzMask(f *testing.F) {
	f.Add("CREATE ROLE a PASSWORD ", "canary")
	f.Add("OPTIONS (password ", "host=h password=canary1 user=u")
	f.Fuzz(func(t *testing.T, before, secret string) {
		if strings.ContainsAny(secret, "'\\\x00*") || len(secret) < 4 || strings.Contains(before, secret) || strings.Contains("CREATE ROLE a PASSWORD '***'", secret) || strings.TrimSpace(secret) != secret {
			return
		}
		text := "CREATE ROLE a PASSWORD '" + secret + "';\n" + before
		statements, err := sqlscan.Split([]byte(text))
		if err != nil {
			return
		}
		got := sqlsecret.Mask(text, sqlsecret.In(statements))
		if strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Errorf("lines are lost: %q becomes %q", text, got)
		}
	})
}
