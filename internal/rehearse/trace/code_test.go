package trace_test

import (
	"slices"
	"strings"
	"testing"
)

// TestCodeIsNamed: what ran on empty tables may do more elsewhere.
func TestCodeIsNamed(t *testing.T) {
	t.Parallel()
	db := database(t, shop+`;
		CREATE FUNCTION tidy() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM orders); END';
		CREATE FUNCTION careful() RETURNS void LANGUAGE plpgsql AS
			'BEGIN LOCK TABLE orders; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END';
		CREATE FUNCTION plain(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END'`)
	tracer := tracerOf(t, db)
	if _, err := tracer.Worker().ExecContext(t.Context(), "SET track_functions = 'all'"); err != nil {
		t.Fatal(err)
	}
	if err := tracer.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	const rows, block = "it ran on empty tables", "a block with EXCEPTION"
	for _, c := range []struct{ statement, code, unseen string }{
		{"DO $$ BEGIN IF (SELECT count(*) FROM orders) > 100 THEN DROP TABLE orders; END IF; END $$", "DO", rows},
		{"SELECT tidy()", "public.tidy", rows},
		{"SELECT 1", "", ""},
		{"SELECT plain(1)", "", ""},
		{"DO $$ BEGIN LOCK TABLE orders; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END $$", "DO", block},
		{"DO $$ BEGIN PERFORM careful(); END $$", "DO public.careful", block},
		{"ALTER TABLE orders ADD COLUMN more int", "", ""},
	} {
		measured, err := tracer.Statement(t.Context(), c.statement)
		if err != nil {
			t.Fatalf("%s: %v", c.statement, err)
		}
		unseen := strings.Join(measured.Unseen, "; ")
		if strings.Join(measured.Code, " ") != c.code || !strings.Contains(unseen, c.unseen) || (c.unseen == "") != (unseen == "") {
			t.Errorf("%s: code %q, unseen %q", c.statement, measured.Code, unseen)
		}
		if c.unseen == block && slices.ContainsFunc(spell(measured), func(s string) bool { return strings.Contains(s, "AccessExclusiveLock") }) {
			t.Errorf("%s: the lock can be seen after all: %q", c.statement, spell(measured))
		}
	}
}
