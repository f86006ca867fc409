package pgclass_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/internal/pgclass"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/plans"
)

// made is a change set's own objects; nothing points from what is released to
// them or back.
const made = `
CREATE SCHEMA fresh;
CREATE TYPE fresh_mood AS ENUM ('a', 'b');
CREATE DOMAIN fresh_score AS int CONSTRAINT low CHECK (VALUE < 9);
CREATE SEQUENCE fresh_numbers;
CREATE TABLE fresh_parents (id int PRIMARY KEY);
CREATE TABLE fresh_rows (id int, a text, b int NOT NULL DEFAULT 1, m fresh_mood, p int REFERENCES fresh_parents,
	CONSTRAINT fresh_b CHECK (b > 0));
CREATE INDEX fresh_a ON fresh_rows (a);
CREATE VIEW fresh_view AS SELECT id FROM fresh_parents;
CREATE FUNCTION fresh_f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
CREATE TRIGGER fresh_t BEFORE INSERT ON fresh_rows FOR EACH ROW EXECUTE FUNCTION fresh_f();
CREATE POLICY fresh_p ON fresh_rows USING (true);
`

// onNew are statements about those objects, with names to fill in.
func onNew() []string {
	return []string{
		"ALTER TABLE fresh_rows ADD COLUMN %n int NOT NULL", "ALTER TABLE fresh_rows DROP COLUMN %c CASCADE",
		"ALTER TABLE fresh_rows ALTER COLUMN %c SET NOT NULL", "ALTER TABLE fresh_rows ALTER COLUMN %c DROP NOT NULL",
		"ALTER TABLE fresh_rows ALTER COLUMN %c TYPE bigint USING 1", "ALTER TABLE fresh_rows ALTER COLUMN %c SET DEFAULT NULL",
		"ALTER TABLE fresh_rows ALTER COLUMN %c DROP DEFAULT", "ALTER TABLE fresh_rows RENAME COLUMN %c TO %n",
		"ALTER TABLE fresh_rows ADD CONSTRAINT %n CHECK (%c IS NOT NULL) NOT VALID", "ALTER TABLE fresh_rows ADD CONSTRAINT %n UNIQUE (%c)",
		"ALTER TABLE fresh_rows DROP CONSTRAINT fresh_b", "ALTER TABLE fresh_rows VALIDATE CONSTRAINT fresh_b",
		"ALTER TABLE fresh_rows ADD FOREIGN KEY (p) REFERENCES fresh_parents NOT VALID", "CREATE UNIQUE INDEX %n ON fresh_rows (%c)",
		"DROP INDEX fresh_a", "DROP VIEW fresh_view", "DROP TRIGGER fresh_t ON fresh_rows", "DROP POLICY fresh_p ON fresh_rows",
		"DROP FUNCTION fresh_f CASCADE", "DROP TYPE fresh_mood CASCADE", "DROP DOMAIN fresh_score CASCADE", "DROP SEQUENCE fresh_numbers",
		"DROP TABLE fresh_rows", "DROP TABLE fresh_parents CASCADE", "DROP SCHEMA fresh CASCADE", "TRUNCATE fresh_parents CASCADE",
		"ALTER TABLE fresh_parents RENAME TO %n", "ALTER TABLE fresh_rows SET SCHEMA fresh", "ALTER TYPE fresh_mood RENAME TO %n",
		"ALTER TYPE fresh_mood RENAME VALUE 'a' TO 'c'", "ALTER DOMAIN fresh_score ADD CHECK (VALUE > 3)", "ALTER DOMAIN fresh_score SET NOT NULL",
		"ALTER SEQUENCE fresh_numbers RESTART", "ALTER SEQUENCE fresh_numbers RENAME TO %n", "UPDATE fresh_rows SET %c = NULL",
		"DELETE FROM fresh_rows", "REVOKE ALL ON fresh_rows FROM public", "ALTER TABLE fresh_rows ENABLE ROW LEVEL SECURITY",
		"ALTER TABLE fresh_rows DISABLE TRIGGER fresh_t", "ALTER POLICY fresh_p ON fresh_rows USING (false)",
		"CREATE POLICY %n ON fresh_rows AS RESTRICTIVE USING (false)", "ALTER TABLE fresh_rows SET UNLOGGED",
	}
}

// TestWhatIsNewIsFree: a statement about what the change set has made itself
// breaks no running code, in whatever order such statements come.
func TestWhatIsNewIsFree(t *testing.T) {
	t.Parallel()
	released := release(t)
	start := replay(t, released.Clone(), made)
	rapid.Check(t, func(t *rapid.T) {
		now := start.Clone()
		for _, text := range rapid.SliceOfN(rapid.SampledFrom(onNew()), 1, 8).Draw(t, "statements") {
			text = strings.NewReplacer(
				"%c", rapid.SampledFrom([]string{"id", "a", "b", "m", "p"}).Draw(t, "column"),
				"%n", rapid.SampledFrom([]string{"n1", "n2", "n3"}).Draw(t, "name")).Replace(text)
			statements, err := pgsyntax.Read([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if !names(text, now) {
				continue // the server would refuse it
			}
			v := pgclass.Of(statements[0], released, now)
			if v.Class == plans.ClassContract || v.Class == plans.ClassSplit || v.Loses {
				t.Fatalf("%s is %s: %s", text, v.Class, v.Reason)
			}
			now.Apply(statements[0])
		}
	})
}

// names reports whether everything that a statement names is there.
func names(text string, s *pgschema.Schema) bool {
	public := func(local string) pgschema.Name { return pgschema.Name{Schema: pgschema.Public, Local: local} }
	there := map[string]bool{
		"fresh_rows": s.Tables[public("fresh_rows")] != nil, "fresh_parents": s.Tables[public("fresh_parents")] != nil,
		"fresh_a": s.Indexes[public("fresh_a")] != nil, "fresh_view": s.Views[public("fresh_view")] != nil,
		"fresh_f": s.Functions[public("fresh_f")] != nil, "fresh_mood": s.Types[public("fresh_mood")] != nil,
		"fresh_score": s.Types[public("fresh_score")] != nil, "fresh_numbers": s.Sequences[public("fresh_numbers")] != nil,
		"fresh": s.Schemas["fresh"],
	}
	if t := s.Tables[public("fresh_rows")]; t != nil {
		there["fresh_b"] = t.Constraint("fresh_b") != nil
		there["fresh_t"], there["fresh_p"] = len(t.Triggers) > 0, len(t.Policies) > 0
		for _, c := range []string{"id", "a", "b", "m", "p"} {
			there[c] = t.Column(c) != nil
		}
	}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '(' || r == ')' }) {
		if is, known := there[word]; known && !is {
			return false
		}
	}
	return true
}

// TestOneByOneAndTogether: Advance leaves what applying the statements leaves,
// Judge changes neither schema, and both say the same.
func TestOneByOneAndTogether(t *testing.T) {
	t.Parallel()
	released := release(t)
	var texts []string
	for _, c := range allCases() {
		texts = append(texts, c.sql)
	}
	rapid.Check(t, func(t *rapid.T) {
		sql := strings.Join(rapid.SliceOfN(rapid.SampledFrom(texts), 0, 5).Draw(t, "statements"), ";\n")
		statements, err := pgsyntax.Read([]byte(sql))
		if err != nil {
			t.Skip(err)
		}
		before, now := released.Clone(), released.Clone()
		verdicts, file := pgclass.Judge(statements, released, before)
		again, fileAgain := pgclass.Advance(statements, released, now)
		if !reflect.DeepEqual(verdicts, again) || !reflect.DeepEqual(file, fileAgain) {
			t.Fatalf("%s: Judge says\n%+v %+v\nand Advance\n%+v %+v", sql, verdicts, file, again, fileAgain)
		}
		if !reflect.DeepEqual(before.Clone(), released.Clone()) {
			t.Fatalf("%s: Judge has changed the schema", sql)
		}
		applied := released.Clone()
		for _, st := range statements {
			applied.Apply(st)
		}
		if len(applied.Tables) != len(now.Tables) || len(applied.Views) != len(now.Views) || len(applied.Types) != len(now.Types) {
			t.Fatalf("%s: Advance leaves another schema", sql)
		}
		worst := slices.ContainsFunc(verdicts, func(v pgclass.Verdict) bool { return v.Class == plans.ClassAsk })
		if worst != (file.Class == plans.ClassAsk) {
			t.Fatalf("%s: the file is %s", sql, file.Class)
		}
	})
}
