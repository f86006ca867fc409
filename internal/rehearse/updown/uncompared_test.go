package updown_test

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/rehearse/updown"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

func TestUncompared(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"CREATE ROLE r":                                         "changes roles",
		"ALTER USER r SET work_mem = '1MB'":                     "changes roles",
		"GRANT a TO b":                                          "a member of a role",
		"REVOKE a FROM b":                                       "a member of a role",
		"GRANT SELECT ON t TO b":                                "",
		"ALTER DATABASE x SET work_mem = '1MB'":                 "a setting of a database",
		"CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p":     "a subscription",
		"CREATE USER MAPPING FOR a SERVER b":                    "",
		"ALTER USER MAPPING FOR a SERVER b OPTIONS (SET x 'y')": "a user mapping",
		"SELECT lo_create(0)":                                   "large objects",
		"SELECT lo_get(7)":                                      "",
		"CREATE FUNCTION f() RETURNS oid LANGUAGE sql AS 'SELECT lo_create(0)'": "",
		"ALTER OPERATOR FAMILY f USING btree ADD OPERATOR 1 < (int, int)":       "operators",
		"SECURITY LABEL ON TABLE t IS 'x'":                                      "a security label",
		"ALTER TABLE roles ADD COLUMN role text":                                "",
		"CREATE TABLE users (id int)":                                           "",
	} {
		list, err := sqlscan.Split([]byte(text))
		if err != nil || len(list) != 1 {
			t.Fatal(text, err)
		}
		if got := updown.Uncompared(list[0]); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// TestWhatIsNotCompared: a way back is not exact for what nobody has looked at.
func TestWhatIsNotCompared(t *testing.T) {
	t.Parallel()
	list, err := updown.Rehearse(t.Context(), bench(t), files(
		"CREATE TABLE orders (n int);", "DROP TABLE orders;",
		"ALTER ROLE CURRENT_USER SET work_mem = '8MB'; CREATE INDEX i ON orders (n);", "DROP INDEX i;",
		"CREATE TEXT SEARCH CONFIGURATION c (COPY = simple);", "SELECT 1;",
	))
	if err != nil {
		t.Fatal(err)
	}
	if m := list[1]; !m.Restores || m.Grade != plans.GradeStructural || !strings.Contains(strings.Join(m.Unseen, "\n"), "0002_m.up.sql:1: whether it is taken back: it changes roles") {
		t.Errorf("%+v", m)
	}
	if m := list[2]; m.Restores || !strings.Contains(strings.Join(m.Differences, "\n"), "TEXT SEARCH CONFIGURATION public.c is new") {
		t.Errorf("%+v", m)
	}
}
