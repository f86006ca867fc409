package config_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockstep-dev/lockstep/internal/config"
)

// filling is a change set with one backfill; lines replace its arguments by
// name.
func filling(lines ...string) string {
	given := []string{
		"database = database.d",
		`table = "orders"`,
		`key = "id"`,
		`update = "UPDATE orders SET a = 1 WHERE id BETWEEN :from AND :to"`,
	}
	for _, line := range lines {
		name, _, _ := strings.Cut(line, " ")
		replaced := false
		for i := range given {
			if strings.HasPrefix(given[i], name+" ") {
				given[i], replaced = line, true
			}
		}
		if !replaced {
			given = append(given, line)
		}
	}
	return inSet("backfill \"ids\" {\n  " + strings.Join(given, "\n  ") + "\n}")
}

// The arguments stand on the lines 8 to 11, others from 12.
func TestBadBackfills(t *testing.T) {
	t.Parallel()
	for _, tt := range []badInput{
		{"unknown database", filling("database = database.e"), "8:14", []string{`No database "e"`, "Known: d."}},
		{"no update", strings.Replace(filling(), "update =", "# update =", 1), "7:1", []string{`Missing argument "update"`}},
		{"no range", filling(`update = "UPDATE orders SET a = 1"`), "11:12", []string{":from and :to is missing", "BETWEEN :from AND :to"}},
		{"half a range", filling(`update = "UPDATE orders SET a = 1 WHERE id > :from"`), "11:12", []string{":to is missing"}},
		{"range in a string", filling(`update = "UPDATE orders SET a = ':from :to'"`), "11:12", []string{":from and :to is missing"}},
		{"another parameter", filling(`update = "UPDATE orders SET a = :a WHERE id BETWEEN :from AND :to"`), "11:12", []string{"Unknown parameter :a"}},
		{"a number", filling(`update = "UPDATE orders SET a = ? WHERE id BETWEEN :from AND :to"`), "11:12", []string{"Parameter ?"}},
		{"two statements", filling(`update = "UPDATE a SET b = 1; UPDATE b SET a = 1"`), "11:12", []string{"Found 2 statements"}},
		{"no statement", filling(`update = ""`), "11:12", []string{"Found 0 statements"}},
		{"a transaction", filling(`update = "COMMIT"`), "11:12", []string{"COMMIT would end the transaction"}},
		{"a schema change", filling(`update = "ALTER TABLE orders ADD COLUMN b int"`), "11:12", []string{"Found ALTER", "belongs to a migration"}},
		{"a query", filling(`update = "SELECT :from, :to"`), "11:12", []string{"Found SELECT"}},
		{"no SQL", filling(`update = "UPDATE 'a"`), "11:12", []string{"unterminated string"}},
		{"a key that moves", filling(`update = "UPDATE orders SET a = 1, ID = id + 1 WHERE id BETWEEN :from AND :to"`), "11:12", []string{`The update changes the key "id"`}},
		{"batch zero", filling("batch = 0"), "12:11", []string{"a whole number from 1"}},
		{"batch too large", filling("batch = 1000001"), "12:11", []string{"the largest possible value is 1000000"}},
		{"batch of a half", filling("batch = 1.5"), "12:11", []string{"a whole number from 1"}},
		{"no time for a batch", filling(`batch_duration = "0s"`), "12:20", []string{"above zero"}},
		{"lag without unit", filling(`max_lag = "5"`), "12:13", []string{"has no unit"}},
		{"unknown phase", filling(`phase = "expnd"`), "12:11", []string{`"expnd" is not one of expand, deploy, contract`, `Did you mean "expand"?`}},
		{"a table that is none", filling(`table = "orders; drop"`), "9:11", []string{"not the name of a table"}},
		{"an empty table", filling(`table = ""`), "9:11", []string{"not the name of a table"}},
		{"three names", filling(`table = "a.b.c"`), "9:11", []string{"not the name of a table"}},
		{"two keys", filling(`key = "a, b"`), "10:9", []string{"not the name of a column"}},
		{"a database without batches", strings.Replace(filling(), `"sqlite"`, `"mysql"`, 1), "8:14", []string{"PostgreSQL and SQLite alone", `driver is "mysql"`}},
		{"what remains is no query", filling(`remaining = "DELETE FROM orders"`), "12:15", []string{"not a query"}},
		{"what remains has a range", filling(`remaining = "SELECT count(*) FROM orders WHERE id > :from"`), "12:15", []string{"counted once over the whole table"}},
		{"a word too many", filling(`where = "a IS NULL"`), "12:3", []string{`where`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ds, fsys := validate(t, "bad.lockstep.hcl", tt.src)
			if text := rendered(ds, fsys); !oneHolds(ds, tt.at, tt.want) {
				t.Errorf("no diagnostic at %q with %q in:\n%s", tt.at, tt.want, cutText(text))
			}
		})
	}
}

// All of a backfill is shown to reviewers, so nothing of it may be a secret.
func TestBackfillHasNoSecret(t *testing.T) {
	t.Parallel()
	src := "variable \"s\" {\n  type = string\n  sensitive = true\n  default = \"x\"\n}\n" +
		filling(`update = "UPDATE orders SET a = '${var.s}' WHERE id BETWEEN :from AND :to"`)
	ds, fsys := validate(t, "bad.lockstep.hcl", src)
	if text := rendered(ds, fsys); !strings.Contains(text, `Sensitive value in "update"`) {
		t.Error(text)
	}
}

func TestBackfillEvaluates(t *testing.T) {
	t.Parallel()
	p, ds := config.Load(fstest.MapFS{"a.lockstep.hcl": {Data: []byte(filling(
		`table = "shop.\"Order\""`,
		"update = <<-EOT\n    UPDATE orders SET a = 'x'::text\n    WHERE id BETWEEN :from AND :to\n  EOT",
	))}})
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	values, ds := p.Values("", config.ValueInputs{})
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	evaluated, ds := p.Evaluate(config.EvaluateRequest{ChangeSet: "c", Values: values})
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	b := evaluated.Blocks[0]
	if b.Address != "backfill.ids" || b.Text.Start.Line != 12 || len(evaluated.Databases) != 1 {
		t.Errorf("%s, text at %v, %d databases", b.Address, b.Text, len(evaluated.Databases))
	}
	for name, want := range map[string]string{
		"table": `shop."Order"`, "phase": "deploy", "batch_duration": "500ms", "max_lag": "10s",
		"update": "UPDATE orders SET a = 'x'::text\nWHERE id BETWEEN :from AND :to\n",
	} {
		if got := b.Settings.Text(name); got != want {
			t.Errorf("%s = %q, expected %q", name, got, want)
		}
	}
	assertJSON(t, b.Settings.Masked(), `{"batch":5000,"batch_duration":"500ms","database":`+string(evaluated.Databases[0].Settings.Masked())+
		`,"key":"id","max_lag":"10s","phase":"deploy","remaining":null,"repeatable":false,"table":"shop.\"Order\"","timeout":null,"update":"UPDATE orders SET a = 'x'::text\nWHERE id BETWEEN :from AND :to\n"}`)
}

// What only looks as if the key moved is fine.
func TestBackfillWhoseKeyStays(t *testing.T) {
	t.Parallel()
	for _, update := range []string{
		"UPDATE orders SET a = id WHERE id = :from OR id <= :to",
		"UPDATE orders SET a = (SELECT b FROM c WHERE d = 1, id = 2) WHERE id BETWEEN :from AND :to",
		`UPDATE orders SET \"ID\" = 1 WHERE id BETWEEN :from AND :to`,
		"INSERT INTO c SELECT id FROM orders WHERE id BETWEEN :from AND :to ON CONFLICT (id) DO UPDATE SET id = 1",
	} {
		ds, fsys := validate(t, "a.lockstep.hcl", filling("update = \""+update+"\""))
		if ds.HasErrors() {
			t.Errorf("%s:\n%s", update, rendered(ds, fsys))
		}
	}
}
