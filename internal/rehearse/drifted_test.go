package rehearse

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

func shop() []plans.MigrationFile {
	return files(
		"CREATE TABLE orders (id bigint PRIMARY KEY, n int DEFAULT 1, note text);", "DROP TABLE orders;",
		"CREATE FUNCTION total() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM orders';\nCREATE INDEX orders_n ON orders (n);\nGRANT SELECT ON orders TO PUBLIC;", "DROP FUNCTION total();",
		"CREATE VIEW open AS SELECT id FROM orders;", "DROP VIEW open;",
	)
}

// TestDrifted: what was done by hand is told by its object, and nothing else.
func TestDrifted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		by   []string
		want []string
	}{
		"nothing":    {nil, nil},
		"rows":       {[]string{"INSERT INTO orders VALUES (1)"}, nil},
		"a column":   {[]string{"ALTER TABLE orders ADD extra int"}, []string{"column orders.extra is new"}},
		"a default":  {[]string{"ALTER TABLE orders ALTER n SET DEFAULT 2"}, []string{"default of column orders.n is 2, was 1"}},
		"an index":   {[]string{"DROP INDEX orders_n", "CREATE INDEX by_note ON orders (note)"}, []string{"index by_note is new", "index orders_n is missing"}},
		"a table":    {[]string{"CREATE TABLE hand (id int PRIMARY KEY)"}, []string{"table hand is new"}},
		"a function": {[]string{"CREATE OR REPLACE FUNCTION total() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'"}, []string{"definition of function total() is CREATE OR REPLACE FUNCTION public.total() RETURNS bigint LANGUAGE sql AS $function$SELECT 1::bigint$function$, was CREATE OR REPLACE FUNCTION public.total() RETURNS bigint LANGUAGE sql AS $function$SELECT count(*) FROM orders$function$"}},
		"a right":    {[]string{"REVOKE SELECT ON orders FROM PUBLIC"}, []string{"grants of table orders is gone, was grant SELECT to PUBLIC"}},
		"a view":     {[]string{"DROP VIEW open"}, []string{"view open is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			targets.Installed(t)
			url := targets.Database(t)
			for _, f := range shop() {
				run(t, url, string(f.Up.Bytes))
			}
			run(t, url, test.by...)
			got := drifted(t, SchemaRequest{Target: url, Applied: shop(), Omit: []string{"schema_migrations"}})
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q\nwant %q", got, test.want)
			}
		})
	}
}

// TestDriftedNeedsFilesThatRun: without the expected schema there is no answer.
func TestDriftedNeedsFilesThatRun(t *testing.T) {
	t.Parallel()
	_, err := Drifted(t.Context(), SchemaRequest{Target: target(t), Applied: files("CREATE TABLE a (b no_such_type);", "")})
	if !errors.Is(err, errNoBase) || !strings.Contains(err.Error(), "no_such_type") {
		t.Errorf("%v", err)
	}
}

func drifted(t *testing.T, r SchemaRequest) []string {
	t.Helper()
	found, err := Drifted(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, d := range found {
		said = append(said, d.String())
	}
	return said
}
