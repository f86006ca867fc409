package pgrights_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgrights"
	"github.com/lockstep-dev/lockstep/plans"
)

func file(path, text string) plans.MigrationFile {
	return plans.MigrationFile{Up: plans.SQLFile{Path: path, Bytes: []byte(text)}}
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ALTER TABLE app.orders ADD a int, ADD FOREIGN KEY (a) REFERENCES b":             "owner relation app.orders, references relation .b",
		"CREATE TABLE a (b int REFERENCES c, FOREIGN KEY (b) REFERENCES app.d)":          "references relation .c, references relation app.d, create schema .",
		"CREATE TABLE a (); ALTER TABLE a ADD b int; CREATE INDEX ON a (b)":              "create schema .",
		"CREATE TABLE IF NOT EXISTS a (); ALTER TABLE a ADD b int":                       "create schema ., owner relation .a",
		"CREATE SCHEMA app; CREATE TABLE app.a ()":                                       "create database .",
		"CREATE SCHEMA IF NOT EXISTS app; CREATE TABLE app.a ()":                         "create database ., create schema .app",
		"CREATE TEMP TABLE a (); INSERT INTO a SELECT":                                   "",
		"SET LOCAL ROLE owner; ALTER TABLE a ADD b int":                                  "",
		"GRANT owner TO me; ALTER TABLE a ADD b int":                                     "",
		"REVOKE owner FROM me; ALTER TABLE a ADD b int":                                  "owner relation .a",
		"ALTER TABLE a ADD b int; ALTER TABLE a ADD c int":                               "owner relation .a",
		"ALTER TABLE a RENAME TO b; ALTER TABLE b ADD c int":                             "owner relation .a, beside relation .a",
		"ALTER TABLE a SET SCHEMA app; ALTER TABLE app.a ADD c int":                      "owner relation .a, create schema .app",
		"ALTER TABLE a ATTACH PARTITION b DEFAULT":                                       "owner relation .a, owner relation .b",
		"ALTER TABLE a INHERIT b":                                                        "owner relation .a, owner relation .b",
		"DROP TABLE a; CREATE TABLE a ()":                                                "drop relation .a, create schema .",
		"DROP FUNCTION f(int, text); DROP FUNCTION g":                                    "drop function .f/2, drop function .g",
		"CREATE OR REPLACE FUNCTION f(a int, OUT b int) LANGUAGE sql AS ''":              "owner function .f/1, create schema .",
		"DROP TRIGGER x ON app.a; DROP SCHEMA s; DROP TYPE t":                            "owner relation app.a, owner schema .s, drop type .t",
		"COMMENT ON TABLE a IS 'x'; COMMENT ON COLUMN app.b.c IS 'x'":                    "owner relation .a, owner relation app.b",
		"COMMENT ON TYPE t IS 'x'; COMMENT ON FUNCTION f(int) IS 'x'":                    "owner type .t, owner function .f/1",
		"UPDATE a SET b = 1; DELETE FROM a; TRUNCATE b, c":                               "update relation .a, delete relation .a, truncate relation .b, truncate relation .c",
		"CREATE EXTENSION citext; CREATE TABLE a (b citext)":                             "install extension .citext, create schema .",
		"CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p":                              "subscribe server .CREATE SUBSCRIPTION",
		"CREATE PUBLICATION p FOR TABLE a":                                               "create database ., owner relation .a",
		"ALTER TYPE app.t ADD VALUE 'x'; ALTER DOMAIN d DROP NOT NULL":                   "owner type app.t, owner type .d",
		"CREATE POLICY p ON a; CREATE TRIGGER t BEFORE UPDATE ON b EXECUTE FUNCTION f()": "owner relation .a, trigger relation .b",
		"SELECT 1; not sql at all; ALTER TABLE a ADD b int":                              "owner relation .a",
		"'open": "",
	} {
		var got []string
		for _, n := range pgrights.Of([]plans.MigrationFile{file("m/1.up.sql", text)}) {
			word := fmt.Sprintf("%s %s %s.%s", n.Right, n.Kind, n.Schema, n.Name)
			if n.Arguments >= 0 {
				word += fmt.Sprintf("/%d", n.Arguments)
			}
			got = append(got, word)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s\n got %s\nwant %s", text, strings.Join(got, ", "), want)
		}
	}
}

func TestPlacesAndFiles(t *testing.T) {
	t.Parallel()
	got := pgrights.Of([]plans.MigrationFile{file("m/1.up.sql", "CREATE TABLE a ();\n\nALTER TABLE b ADD c int"), file("m/2.up.sql", "ALTER TABLE a ADD c int; ALTER TABLE b ADD d int;\nALTER TABLE e ADD c int")})
	var places []string
	for _, n := range got {
		places = append(places, fmt.Sprintf("%s:%d %s", n.File, n.Line, n.Name))
	}
	if want := []string{"m/1.up.sql:1 ", "m/1.up.sql:3 b", "m/2.up.sql:2 e"}; !slices.Equal(places, want) {
		t.Errorf("%q", places)
	}
}

// FuzzNeeds: whatever the text is, a need is about something, and asked once.
func FuzzNeeds(f *testing.F) {
	for _, text := range []string{"ALTER TABLE a ADD b int", "CREATE OR REPLACE FUNCTION a.f() LANGUAGE sql AS ''", "DROP TABLE a, b", "COMMENT ON COLUMN a IS ''", "ALTER VIEW a RENAME TO b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		seen := map[plans.Need]bool{}
		for _, n := range pgrights.Of([]plans.MigrationFile{file("f", text)}) {
			if n.Line < 1 || n.Right == "" || n.Kind == plans.KindRelation && n.Name == "" {
				t.Fatalf("%+v", n)
			}
			n.Line = 0
			if seen[n] {
				t.Fatalf("twice: %+v", n)
			}
			seen[n] = true
		}
	})
}
