package catalog_test

import (
	"errors"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
)

func TestReadLeavesOut(t *testing.T) {
	t.Parallel()
	snapshot := read(t, withBase(t))
	seen := map[string]bool{}
	for _, o := range snapshot.Objects {
		if seen[string(o.Kind)+" "+o.Name] {
			t.Errorf("%s %s is listed twice", o.Kind, o.Name)
		}
		seen[string(o.Kind)+" "+o.Name] = true
	}
	for _, name := range []string{
		"table public.schema_migrations", "column public.schema_migrations.version", "constraint public.schema_migrations.schema_migrations_pkey",
		"schema lockstep", "table lockstep.history", "base type public.hstore", "function public.hstore(text,text)", "sequence public.gent_g_seq",
	} {
		if seen[name] {
			t.Errorf("%s is listed", name)
		}
	}
	for _, name := range []string{
		"schema public", "extension hstore", "collation sc2.german", "enum type public.mood", "composite type public.comp", "range type public.span",
		"domain public.posint", "domain constraint public.posint.posint_check", "sequence public.s1", "function public.add(integer,integer)", "procedure public.proc(integer)",
		"aggregate public.total(integer)", "operator public.===(integer,integer)", "cast (integer AS public.comp)", "table public.t", `column public."Odd Name"."Key"`,
		"constraint public.t.t_pkey", "index public.t_a_idx", "statistics object public.t_ab", "view public.tv", "materialized view public.mv", "view column public.tv.id",
		"trigger public.t.trg", "rule public.small.nodel", "policy public.t2.pol", "publication pub1", "event trigger et1",
	} {
		if !seen[name] {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestReadKeepsSearchPath(t *testing.T) {
	t.Parallel()
	db := connect(t)
	if _, err := catalog.Read(t.Context(), db); !errors.Is(err, catalog.ErrNoTransaction) {
		t.Errorf("outside of a transaction: %v", err)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	var before, after string
	if err := tx.QueryRow("SELECT current_setting('search_path')").Scan(&before); err != nil {
		t.Fatal(err)
	}
	if _, err := catalog.Read(t.Context(), tx); err != nil {
		t.Fatal(err)
	}
	if err := tx.QueryRow("SELECT current_setting('search_path')").Scan(&after); err != nil || after != before {
		t.Errorf("search_path is %q, was %q, %v", after, before, err)
	}
}

// TestReadOfManyTables reads 500 tables of ten columns, three constraints and
// three indexes, and says how long it took.
func TestReadOfManyTables(t *testing.T) {
	t.Parallel()
	db := connect(t)
	run(t, db, `CREATE TABLE t0 (id bigserial PRIMARY KEY);
DO $$ BEGIN FOR i IN 1..500 LOOP EXECUTE format('CREATE TABLE t%s (id bigserial PRIMARY KEY, a int NOT NULL DEFAULT 1, b text, c text UNIQUE, d timestamptz DEFAULT now(), e numeric(10,2), f jsonb, g uuid, h boolean, p bigint REFERENCES t%s, CHECK (a > 0))', i, i - 1);
	EXECUTE format('CREATE INDEX ON t%s (a); CREATE INDEX ON t%s (lower(b)); CREATE INDEX ON t%s (p) WHERE h', i, i, i); END LOOP; END $$; ANALYZE`)
	best := time.Hour
	var objects int
	for range 3 {
		start := time.Now()
		objects = len(read(t, db).Objects)
		best = min(best, time.Since(start))
	}
	t.Logf("%d objects in %s", objects, best)
	if objects < 500*(1+10+3+3+1) {
		t.Errorf("%d objects are too few", objects)
	}
}
