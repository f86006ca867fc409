package queries_test

import (
	"database/sql"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/rehearse/queries"
)

// call is what the shop sends: a statement, marked so that its statistics are
// found again, and the values.
type call struct {
	text   string
	values []any
}

func shopCalls() map[string]call {
	return map[string]call{
		"customer":     {"SELECT /*customer*/ * FROM customers WHERE id = $1", []any{1}},
		"name":         {"SELECT /*name*/ name FROM customers WHERE id = $1", []any{1}},
		"phone":        {"SELECT /*phone*/ id, phone FROM customers WHERE email = $1", []any{"e2"}},
		"code":         {"SELECT /*code*/ id FROM customers WHERE code = $1", []any{"7"}},
		"set-code":     {"UPDATE /*set-code*/ customers SET code = $1 WHERE id = $2", []any{"8", 1}},
		"join":         {"INSERT /*join*/ INTO customers (name, email) VALUES ($1, $2) RETURNING id, name", []any{"x", "new"}},
		"upsert":       {"INSERT /*upsert*/ INTO customers (name, email, region) VALUES ($1, $2, $3) ON CONFLICT (email) DO UPDATE SET name = excluded.name", []any{"x", "e3", "eu"}},
		"orders":       {"SELECT /*orders*/ id, total, note FROM orders WHERE customer_id = $1", []any{1}},
		"order-totals": {"SELECT /*order-totals*/ sum(total) FROM orders WHERE customer_id = $1", []any{1}},
		"latest":       {"SELECT /*latest*/ id FROM orders ORDER BY created_at DESC LIMIT $1", []any{5}},
		"order":        {"INSERT /*order*/ INTO orders (customer_id, total) VALUES ($1, $2) RETURNING *", []any{1, 9}},
		"pay":          {"UPDATE /*pay*/ orders SET status = $1 WHERE id = $2", []any{"paid", 1}},
		"paid":         {"SELECT /*paid*/ count(*) FROM orders WHERE status = $1", []any{"paid"}},
		"items":        {"SELECT /*items*/ i.sku, i.quantity FROM items i JOIN orders o ON o.id = i.order_id WHERE o.id = $1", []any{1}},
		"add-item":     {"INSERT /*add-item*/ INTO items (order_id, sku) VALUES ($1, $2)", []any{1, "other"}},
		"remove-item":  {"DELETE /*remove-item*/ FROM items WHERE order_id = $1 AND sku = $2", []any{1, "other"}},
		"log":          {"INSERT /*log*/ INTO audit (what) VALUES ($1)", []any{"x"}},
		"open":         {"SELECT /*open*/ * FROM open_orders WHERE customer_id = $1", []any{1}},
		"open-notes":   {"SELECT /*open-notes*/ id, note FROM open_orders", nil},
		"priced":       {"SELECT /*priced*/ sku, price(quantity) AS price FROM items WHERE order_id = $1", []any{1}},
		"price":        {"SELECT /*price*/ price($1)", []any{4}},
		"per-day":      {"SELECT /*per-day*/ date_trunc('day', created_at), count(*) FROM orders WHERE created_at > now() - interval '9 days' GROUP BY date_trunc('day', created_at)", nil},
	}
}

// migration is one change and what must be foretold of it.
type migration struct {
	name, sql  string
	breaks     []string // "statement kind"
	expandSafe bool
}

func shopMigrations() []migration {
	return []migration{
		{"drop column", "ALTER TABLE customers DROP COLUMN phone", []string{"customer result-columns", "phone fails"}, false},
		{"rename column", "ALTER TABLE orders RENAME COLUMN note TO remark", []string{"order result-columns", "orders fails"}, false},
		{"rename table", "ALTER TABLE items RENAME TO order_items", []string{"add-item fails", "items fails", "priced fails", "remove-item fails"}, false},
		{
			"rename table behind a view", "ALTER TABLE orders RENAME TO orders_old; CREATE VIEW orders AS SELECT * FROM orders_old",
			nil, true,
		},
		{"type change with rewrite", "ALTER TABLE orders ALTER COLUMN total TYPE bigint", []string{"order parameter-type", "order result-type", "order-totals result-type", "orders result-type"}, false},
		{"longer varchar", "ALTER TABLE customers ALTER COLUMN name TYPE varchar(80)", []string{"customer result-type", "join result-type", "name result-type"}, true},
		{"varchar to text", "ALTER TABLE customers ALTER COLUMN name TYPE text", []string{"customer result-type", "join parameter-type", "join result-type", "name result-type", "upsert parameter-type"}, true},
		{
			"text to int", "ALTER TABLE customers ALTER COLUMN code DROP DEFAULT, ALTER COLUMN code TYPE int USING code::int",
			[]string{"code fails-prepared", "code parameter-type", "customer result-type", "set-code fails-prepared", "set-code parameter-type"},
			false,
		},
		{"add column", "ALTER TABLE customers ADD COLUMN vip boolean", []string{"customer result-columns"}, true},
		{"drop index", "DROP INDEX orders_customer", []string{"open loses-index", "order-totals loses-index", "orders loses-index"}, false},
		{"drop index of an order", "DROP INDEX orders_created", []string{"latest loses-index"}, false},
		{"rename index", "ALTER INDEX orders_customer RENAME TO by_customer", nil, true},
		{"drop the arbiter", "DROP INDEX customers_email", []string{"phone loses-index", "upsert fails"}, false},
		{"drop table", "DROP TABLE audit", []string{"log fails"}, false},
		{"new column that wants a value", "ALTER TABLE audit ADD COLUMN actor text NOT NULL DEFAULT 'x'; ALTER TABLE audit ALTER COLUMN actor DROP DEFAULT", []string{"log unfilled"}, false},
		{"set not null", "UPDATE customers SET region = 'eu'; ALTER TABLE customers ALTER COLUMN region SET NOT NULL", []string{"join unfilled", "upsert restricts"}, false},
		{"wider view", "CREATE OR REPLACE VIEW open_orders AS SELECT id, customer_id, note, total FROM orders WHERE status <> 'sent'", []string{"open result-columns"}, true},
		{"view without a column", "DROP VIEW open_orders; CREATE VIEW open_orders AS SELECT id, customer_id FROM orders", []string{"open result-columns", "open-notes fails"}, false},
		{"drop view", "DROP VIEW open_orders", []string{"open fails", "open-notes fails"}, false},
		{"function takes more", "DROP FUNCTION price(int); CREATE FUNCTION price(quantity int, region text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT quantity * 3'", []string{"price fails", "priced fails"}, false},
		{"function takes a wider type", "DROP FUNCTION price(int); CREATE FUNCTION price(quantity bigint) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT quantity::int * 3'", []string{"price parameter-type"}, true},
		{"function returns another type", "DROP FUNCTION price(int); CREATE FUNCTION price(quantity int) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT quantity * 3.5'", []string{"price result-type", "priced result-type"}, false},
		{"enum rename", "ALTER TYPE state RENAME VALUE 'paid' TO 'settled'", []string{"order enum-labels", "paid enum-labels", "pay enum-labels"}, false},
		{"check", "ALTER TABLE orders ADD CHECK (total > 10) NOT VALID", []string{"order restricts", "pay restricts"}, false},
		{"validated check", "ALTER TABLE items ADD CONSTRAINT quantities CHECK (quantity > 0)", []string{"add-item restricts"}, false},
		{"unique index", "CREATE UNIQUE INDEX ON items (order_id)", []string{"add-item restricts", "items other-index", "priced other-index", "remove-item other-index"}, false},
		{"foreign key", "ALTER TABLE items ADD FOREIGN KEY (order_id) REFERENCES orders", []string{"add-item restricts"}, false},
		{"constraint of an index", "ALTER TABLE customers ADD CONSTRAINT one_email UNIQUE USING INDEX customers_email", nil, true},
		{"check of what is there and right", "ALTER TABLE orders ADD CHECK (total >= 0)", []string{"order restricts"}, false},
		{"column that refers", "ALTER TABLE customers ADD COLUMN boss int REFERENCES customers", []string{"customer result-columns"}, true},
		{"column that must be one", "ALTER TABLE customers ADD COLUMN nick text UNIQUE CHECK (nick <> '')", []string{"customer result-columns"}, true},
		{"column whose default is checked", "ALTER TABLE customers ADD COLUMN rank int DEFAULT 1 CHECK (rank > 0)", []string{"customer result-columns", "join restricts", "upsert restricts"}, false},
		{"check that NULL breaks", "ALTER TABLE audit ADD COLUMN actor text; ALTER TABLE audit ADD CHECK (actor IS NOT NULL) NOT VALID", []string{"log restricts"}, false},
		{"new table that refers", "CREATE TABLE gifts (item int, sku text, FOREIGN KEY (item, sku) REFERENCES items)", []string{"remove-item referenced"}, true},
		{"trigger that keeps columns in step", "ALTER TABLE items ADD COLUMN amount bigint; CREATE FUNCTION step() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.amount := NEW.quantity; RETURN NEW; END'; CREATE TRIGGER step BEFORE INSERT OR UPDATE ON items FOR EACH ROW EXECUTE FUNCTION step()", []string{"add-item fires-trigger"}, true},
		{"trigger that takes rows away", "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER swallow BEFORE DELETE ON items FOR EACH ROW EXECUTE FUNCTION swallow()", []string{"remove-item restricts"}, false},
		{"trigger", "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE check_violation; END'; CREATE TRIGGER no BEFORE DELETE ON items FOR EACH ROW EXECUTE FUNCTION no()", []string{"remove-item restricts"}, false},
		{"only new things", "CREATE TABLE gifts (id int PRIMARY KEY); CREATE INDEX ON items (sku); ALTER TYPE state ADD VALUE 'lost'", nil, true},
	}
}

// shopWorkload runs the shop and reads what the server remembers of it.
func shopWorkload(t *testing.T, schema string) queries.Workload {
	t.Helper()
	target := statistics(t)
	run(t, target, schema)
	for _, c := range shopCalls() {
		for range 3 {
			if c.text = strings.TrimSpace(c.text); strings.HasPrefix(c.text, "INSERT") {
				run(t, target, "DELETE FROM customers WHERE email = 'new'; DELETE FROM items WHERE sku = 'other'")
			}
			if _, err := target.ExecContext(t.Context(), c.text, c.values...); err != nil {
				t.Fatalf("%s: %v", c.text, err)
			}
		}
	}
	w, err := queries.FromStatistics(t.Context(), connection(t, target))
	if err != nil {
		t.Fatal(err)
	}
	w.Statements = slices.DeleteFunc(w.Statements, func(s queries.Statement) bool { return mark(s.SQL) == "" })
	if len(w.Statements) != len(shopCalls()) {
		t.Fatalf("%d statements are remembered, want %d", len(w.Statements), len(shopCalls()))
	}
	for _, s := range w.Statements {
		if s.Usage.Calls != 3 || s.Usage.Days <= 0 && w.Seen.Days > 0 || !slices.Equal(s.Users, []string{"postgres"}) || s.Nested {
			t.Errorf("%s: %+v", mark(s.SQL), s)
		}
	}
	return w
}

var marked = regexp.MustCompile(`/\*([a-z-]+)\*/`)

func mark(text string) string {
	if m := marked.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// TestForetellsWhatOldClientsGet foretells each migration's breaks from the
// statistics on an empty copy of the schema, and compares with what a client
// gets that keeps its statements prepared over the migration, and with what one
// gets that prepares them after it.
func TestForetellsWhatOldClientsGet(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("testdata/shop.sql")
	if err != nil {
		t.Fatal(err)
	}
	schema := string(src)
	empty, _, _ := strings.Cut(schema, "INSERT INTO")
	w := shopWorkload(t, schema)
	for _, m := range shopMigrations() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			breaks, before := foretell(t, w, empty, m)
			var got []string
			for _, b := range breaks {
				got = append(got, mark(b.SQL)+" "+string(b.Kind))
			}
			slices.Sort(got)
			if !slices.Equal(got, m.breaks) {
				t.Errorf("foretold\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(m.breaks, "\n"))
			}
			safe, reason := queries.Verdict(breaks, before, w.Seen)
			if safe != m.expandSafe || !strings.Contains(reason, "22 statements, ") {
				t.Errorf("expand-safe %v: %s", safe, reason)
			}
			compareWithClients(t, breaks, observe(t, schema, m))
		})
	}
}

func foretell(t *testing.T, w queries.Workload, schema string, m migration) ([]queries.Break, []queries.Described) {
	t.Helper()
	db := database(t)
	run(t, db, schema)
	conn := connection(t, db)
	before, err := queries.Describe(t.Context(), conn, w.Statements)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range queries.Unjudged(before) {
		t.Errorf("%s: %+v", d.Statement.SQL, d.Failure)
	}
	run(t, conn, m.sql)
	after, err := queries.DescribeAgain(t.Context(), conn, before)
	if err != nil {
		t.Fatal(err)
	}
	return queries.Compare(before, after), before
}

// observed is what a client got, by SQLSTATE, "" for none.
type observed struct {
	depends       bool // on values; foretold only
	kept, fresh   string
	before, after []string // the columns' names
}

// observe runs the migration under an open client.
func observe(t *testing.T, schema string, m migration) map[string]observed {
	t.Helper()
	db := database(t)
	run(t, db, schema)
	old := connection(t, db)
	prepared, seen := map[string]*sql.Stmt{}, map[string]observed{}
	for name, c := range shopCalls() {
		s, err := old.PrepareContext(t.Context(), c.text)
		if err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		prepared[name] = s
		columns, code := execute(t, old, s, c)
		if code != "" {
			t.Fatalf("%s: %s before the migration", name, code)
		}
		seen[name] = observed{before: columns}
	}
	run(t, connection(t, db), m.sql)
	fresh := connection(t, db)
	for name, c := range shopCalls() {
		o := seen[name]
		_, o.kept = execute(t, old, prepared[name], c)
		s, err := fresh.PrepareContext(t.Context(), c.text)
		if err != nil {
			o.fresh = sqlstate(t, err)
		} else {
			o.after, o.fresh = execute(t, fresh, s, c)
		}
		seen[name] = o
	}
	return seen
}

// execute runs a prepared statement and takes back what it wrote.
func execute(t *testing.T, conn *sql.Conn, s *sql.Stmt, c call) (columns []string, code string) {
	t.Helper()
	run(t, conn, "BEGIN")
	defer run(t, conn, "ROLLBACK")
	rows, err := s.QueryContext(t.Context(), c.values...)
	if err != nil {
		return nil, sqlstate(t, err)
	}
	defer rows.Close()
	if columns, err = rows.Columns(); err != nil {
		t.Fatal(err)
	}
	for rows.Next() { // an error may come with any row
	}
	if rows.Err() != nil {
		return nil, sqlstate(t, rows.Err())
	}
	return columns, ""
}

func sqlstate(t *testing.T, err error) string {
	t.Helper()
	e := pq.As(err)
	if e == nil {
		t.Fatal(err)
	}
	return string(e.Code)
}

// compareWithClients wants every error of a client foretold, and no other.
func compareWithClients(t *testing.T, breaks []queries.Break, seen map[string]observed) {
	t.Helper()
	foretold := map[string]observed{}
	renamed := map[string]bool{}
	for _, b := range breaks {
		name := mark(b.SQL)
		o := foretold[name]
		switch b.Kind {
		case queries.Fails:
			o.kept, o.fresh = b.Failure.SQLState, b.Failure.SQLState
		case queries.FailsPrepared:
			o.kept = b.Failure.SQLState
		case queries.Unfilled:
			o.kept, o.fresh = "23502", "23502"
		case queries.EnumLabels:
			if slices.Contains(shopCalls()[name].values, any("paid")) {
				o.kept, o.fresh = "22P02", "22P02"
			}
		case queries.Restricts:
			o.depends = o.kept == ""
		case queries.ResultColumns:
			renamed[name] = true
		}
		if b.Reconnect && o.kept == "" {
			o.kept = "0A000"
		}
		foretold[name] = o
	}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		is, want := seen[name], foretold[name]
		if want.depends && strings.HasPrefix(is.kept, "23") && is.kept == is.fresh {
			continue // refused, as it may be
		}
		if is.kept != want.kept || is.fresh != want.fresh {
			t.Errorf("%s: old connection %q, new connection %q; foretold %q, %q", name, is.kept, is.fresh, want.kept, want.fresh)
		}
		if is.fresh == "" && slices.Equal(is.before, is.after) == renamed[name] {
			t.Errorf("%s: columns %v, then %v; foretold %v", name, is.before, is.after, renamed[name])
		}
	}
}
