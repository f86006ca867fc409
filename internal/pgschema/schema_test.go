package pgschema_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

func replayed(t *testing.T, sql string) *pgschema.Schema {
	t.Helper()
	statements, err := pgsyntax.Read([]byte(sql))
	if err != nil {
		t.Fatal(err)
	}
	s := pgschema.New()
	for _, st := range statements {
		s.Apply(st)
	}
	return s
}

// describe spells what a schema holds, one line each, in order.
func describe(s *pgschema.Schema) []string {
	var all []string
	for n, t := range s.Tables {
		for _, c := range t.Columns {
			all = append(all, fmt.Sprintf("column %s.%s %s%s", n, c.Name, c.Type, map[bool]string{true: " not null"}[c.NotNull]))
		}
		for _, k := range t.Constraints {
			all = append(all, fmt.Sprintf("%s %s.%s (%s)%s", k.Kind, n, k.Name, strings.Join(k.Columns, ","), map[bool]string{false: " not valid"}[k.Validated]))
		}
		for _, g := range t.Triggers {
			all = append(all, fmt.Sprintf("trigger %s.%s %s", n, g.Name, g.Function))
		}
	}
	for n, i := range s.Indexes {
		all = append(all, fmt.Sprintf("index %s on %s (%s)", n, i.Table, strings.Join(i.Columns, ",")))
	}
	for n, q := range s.Sequences {
		all = append(all, fmt.Sprintf("sequence %s %s", n, q.Column))
	}
	for n, v := range s.Views {
		all = append(all, fmt.Sprintf("view %s reads %v", n, v.Reads))
	}
	for n, y := range s.Types {
		all = append(all, fmt.Sprintf("%s %s %s", y.Kind, n, strings.Join(y.Values, ",")))
	}
	for _, u := range s.Unsure {
		all = append(all, fmt.Sprintf("unsure %d: %s", u.Line, u.Reason))
	}
	slices.Sort(all)
	return all
}

func TestApply(t *testing.T) {
	t.Parallel()
	const base = "CREATE TABLE a (id int PRIMARY KEY, v varchar(20) UNIQUE); CREATE TABLE b (id serial, a_id int REFERENCES a);"
	for _, test := range []struct {
		name, sql string
		has, not  []string
	}{
		{"a table", base, []string{
			"column a.id int4 not null", "column a.v varchar(20)", "primary key a.a_pkey (id)", "unique a.a_v_key (v)",
			"index a_pkey on a (id)", "column b.id int4 not null", "sequence b_id_seq id", "foreign key b.b_a_id_fkey (a_id)",
		}, []string{"unsure"}},
		{"another schema", "CREATE SCHEMA x; CREATE TABLE x.a (id int)", []string{"column x.a.id int4"}, []string{"column a.id"}},
		{"a dropped table", base + "DROP TABLE a CASCADE", []string{"column b.a_id int4"}, []string{"column a.", "index a_pkey", "foreign key"}},
		{"a dropped column", base + "ALTER TABLE a DROP COLUMN v", nil, []string{"column a.v", "a_v_key"}},
		{"a renamed table", base + "ALTER TABLE a RENAME TO c; ALTER TABLE c RENAME v TO w", []string{"column c.w varchar(20)", "unique c.a_v_key (w)"}, []string{"column a."}},
		{"a renamed key", base + "ALTER TABLE a RENAME CONSTRAINT a_v_key TO k", []string{"unique a.k (v)", "index k on a (v)"}, []string{"a_v_key"}},
		{"not valid, then valid", base + "ALTER TABLE b ADD CHECK (id > 0) NOT VALID", []string{"check b.b_id_check (id) not valid"}, nil},
		{"validated", base + "ALTER TABLE b ADD CHECK (id > 0) NOT VALID; ALTER TABLE b VALIDATE CONSTRAINT b_id_check", []string{"check b.b_id_check (id)"}, []string{"not valid"}},
		{"an adopted index", base + "CREATE UNIQUE INDEX i ON b (id); ALTER TABLE b ADD CONSTRAINT k PRIMARY KEY USING INDEX i", []string{"primary key b.k (id)", "index k on b"}, []string{"index i "}},
		{
			"partitions", "CREATE TABLE p (k int) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF p DEFAULT; CREATE INDEX ON p (k); ALTER TABLE p ADD COLUMN x text",
			[]string{"column p1.x text", "index p1_k_idx on p1 (k)", "index p_k_idx on p (k)"},
			[]string{"unsure"},
		},
		{"an enum", "CREATE TYPE m AS ENUM ('a', 'c'); ALTER TYPE m ADD VALUE 'b' BEFORE 'c'; ALTER TYPE m RENAME VALUE 'a' TO 'z'", []string{"enum m z,b,c"}, nil},
		{"a view", base + "CREATE VIEW v AS WITH w AS (SELECT 1) SELECT a.id FROM a JOIN w ON true", []string{"view v reads [a]"}, nil},
		{"a view goes with its table", base + "CREATE VIEW v AS SELECT id FROM a; DROP TABLE a CASCADE", nil, []string{"view v"}},
		{"a trigger goes with its function", base + "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS ''; CREATE TRIGGER g BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f(); DROP FUNCTION f() CASCADE", nil, []string{"trigger"}},
		{"a sequence's owner", "CREATE SEQUENCE s; CREATE TABLE a (id int); ALTER SEQUENCE s OWNED BY a.id; DROP TABLE a", nil, []string{"sequence"}},
		{"another type", base + "ALTER TABLE a ALTER COLUMN v TYPE text", []string{"column a.v text"}, nil},
		{"what a DO block does", "CREATE TABLE a ();\nDO $$BEGIN END$$", []string{"unsure 2: a DO block may have changed the schema"}, nil},
		{"a table that is not known", "ALTER TABLE nowhere ADD COLUMN x int", []string{"unsure 1: nowhere is not known, so ALTER TABLE is not followed"}, nil},
		{"columns of a query", "CREATE TABLE a AS SELECT 1", []string{"unsure 1: the columns of a follow from a query"}, nil},
		{"search_path", "SET search_path = x", []string{"unsure 1: search_path was changed: names without a schema are still looked up in public"}, nil},
		{"another grammar", "CREATE TABEL a ()", []string{"unsure 1: the grammar does not know the statement"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := describe(replayed(t, test.sql))
			for _, want := range test.has {
				if !slices.ContainsFunc(got, func(l string) bool { return l == want || strings.HasPrefix(l, want+" ") }) {
					t.Errorf("lacks %q:\n%s", want, strings.Join(got, "\n"))
				}
			}
			for _, never := range test.not {
				if strings.Contains(strings.Join(got, "\n"), never) {
					t.Errorf("has %q:\n%s", never, strings.Join(got, "\n"))
				}
			}
		})
	}
}

func TestIsNotNull(t *testing.T) {
	t.Parallel()
	for check, want := range map[string]bool{
		"CHECK (x IS NOT NULL)":           true,
		"CHECK (x IS NOT NULL AND x > 0)": true,
		"CHECK (x IS NOT NULL OR y > 0)":  false,
		"CHECK (y IS NOT NULL)":           false,
		"CHECK (x IS NOT NULL) NOT VALID": false,
		"CHECK (x > 0)":                   false,
	} {
		s := replayed(t, "CREATE TABLE a (x int, y int); ALTER TABLE a ADD "+check)
		if got := s.Tables[pgschema.Name{Schema: pgschema.Public, Local: "a"}].IsNotNull("x"); got != want {
			t.Errorf("%s: %v", check, got)
		}
	}
}
