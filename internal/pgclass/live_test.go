package pgclass_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgclass"
	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/plans"
)

var cluster = pgtest.NewCluster(pgtest.Options{})

func TestMain(m *testing.M) {
	seed()
	os.Exit(cluster.Main(m))
}

const role = `DO $$ BEGIN CREATE ROLE app LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;`

// grants let running code do what it does, as a role that owns nothing.
const grants = role + `
GRANT ALL ON ALL TABLES IN SCHEMA public TO app;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app;
GRANT USAGE ON SCHEMA archive TO app;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO app;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO app;
`

// oldCode is what running code does with the base. Some of it fails, and goes
// on to fail.
func oldCode() []string {
	return []string{
		"SELECT id, email, name, boss FROM customers ORDER BY id",
		"INSERT INTO customers (id, email, name) VALUES (7, 'g@h', 'gus') RETURNING name",
		"INSERT INTO customers (id, name) VALUES (8, 'hal'), (9, 'hal') RETURNING email",
		"INSERT INTO customers (id, email, name) VALUES (3, 'a@b', 'dup')",
		"INSERT INTO customers (id, email) VALUES (10, 'a@b') ON CONFLICT ON CONSTRAINT customers_email DO NOTHING",
		"INSERT INTO customers (id, email) VALUES (10, 'k@l') ON CONFLICT (email) DO NOTHING",
		"UPDATE customers SET name = 'amy', boss = 2 WHERE id = 1 RETURNING name",
		"DELETE FROM customers WHERE id = 7 RETURNING id",
		"DELETE FROM customers WHERE id = 2",
		"WITH early AS (INSERT INTO visits (later) VALUES (99) RETURNING later) SELECT later FROM early",
		"SELECT id, customer, state, total, note, code, tag, feeling, points, placed, amount, twice FROM orders ORDER BY id",
		"SELECT id FROM orders WHERE code = 'x' AND tag LIKE 't%' AND placed < '2027-01-01' AND total + points > 3",
		"INSERT INTO orders (id, customer, total, note, code, tag, feeling, points) VALUES (50, 2, 5, 'fifty', 'abcdefg', 'tg', 'angry', 500) RETURNING state, placed, amount, twice, feeling, points",
		"INSERT INTO orders (id, state, total, amount) VALUES (51, 'new', 5, 1.25), (52, 'new', 5, NULL) RETURNING customer, note, code, amount",
		"INSERT INTO orders (customer, total) VALUES (NULL, 3) RETURNING state, total, amount, note, twice",
		"INSERT INTO orders (id, total) VALUES (59, 0)",
		"INSERT INTO orders (id, total, state) VALUES (60, 1, 'bad')",
		"INSERT INTO orders (id, total, customer) VALUES (61, 1, 999)",
		"INSERT INTO orders (id, total, note) VALUES (62, 1, 'one')",
		"INSERT INTO orders (id, total, note) VALUES (63, 1, 'one') ON CONFLICT (note) DO NOTHING",
		"INSERT INTO orders (id, total, points) VALUES (64, 1, 5000)",
		"UPDATE orders SET state = 'paid', total = 7, points = 999 WHERE id = 1 RETURNING state, total, twice",
		"UPDATE orders SET note = 'long enough for text' WHERE id = 2 RETURNING note",
		"DELETE FROM orders WHERE id = 2 RETURNING id",
		"SELECT id, state FROM open_orders ORDER BY id",
		"SELECT state, count FROM order_counts ORDER BY state",
		"SELECT 'angry'::mood, (ROW('a', 'b')::place).street, (ROW('a', 'b')::place).town, 900::score, NULL::score, shout('x')",
		"SELECT 4000::score",
		"SELECT nextval('tickets') > 0",
		"INSERT INTO events VALUES (50, 'x'), (150, 'y') RETURNING at",
		"INSERT INTO events VALUES (350, '')",
		"SELECT at, what FROM events ORDER BY at",
		"SELECT line FROM logs ORDER BY line",
		"INSERT INTO logs (line) VALUES ('l'), (NULL) RETURNING line",
		"UPDATE logs SET line = 'm' WHERE line = 'l' RETURNING line",
		"DELETE FROM logs WHERE line = 'm'",
		"SELECT id, owner FROM secrets ORDER BY id",
		"SELECT has_schema_privilege('app', 'archive', 'USAGE')",
		"SELECT count(*) FROM pg_extension WHERE extname = 'plpgsql'",
		"SELECT count(*) FROM pg_publication_tables WHERE pubname = 'feed' AND tablename = 'customers'",
		"SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = 'app'",
	}
}

func connect(t *testing.T, setup ...string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", cluster.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	for _, text := range setup {
		if _, err := db.Exec(text); err != nil {
			t.Fatalf("%v in %.200s", err, text)
		}
	}
	return db
}

// answers runs statements as running code does, each on the state before them
// all, and returns what comes back: rows, or the error's code.
func answers(t *testing.T, tx *sql.Tx, statements []string) []string {
	t.Helper()
	var all []string
	for _, text := range statements {
		must(t, tx, "SAVEPOINT one")
		if !strings.Contains(text, "pg_authid") {
			must(t, tx, "SET LOCAL ROLE app")
		}
		all = append(all, answer(t.Context(), tx, text))
		must(t, tx, "ROLLBACK TO SAVEPOINT one")
	}
	return all
}

func must(t *testing.T, tx *sql.Tx, text string) {
	t.Helper()
	if _, err := tx.ExecContext(t.Context(), text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func answer(ctx context.Context, tx *sql.Tx, text string) string {
	rows, err := tx.QueryContext(ctx, text)
	if err != nil {
		return code(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return code(err)
	}
	var lines []string
	for rows.Next() {
		values, pointers := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			pointers[i] = &values[i]
		}
		if err := rows.Scan(pointers...); err != nil {
			return code(err)
		}
		for i, v := range values {
			if text, is := v.([]byte); is {
				values[i] = string(text)
			}
		}
		lines = append(lines, fmt.Sprint(values))
	}
	if err := rows.Err(); err != nil {
		return code(err)
	}
	return strings.Join(lines, "\n")
}

func code(err error) string {
	var refused *pq.Error
	if errors.As(err, &refused) {
		return "error " + string(refused.Code)
	}
	return err.Error()
}

// unnoticed are contracts that the statements above do not notice, and why
// they are contracts all the same.
func unnoticed() map[string]string {
	return map[string]string{
		"DROP INDEX orders_state_idx":                     "queries get slow, not wrong",
		"ALTER PUBLICATION feed ADD TABLE events":         "the code above changes no row of it; TestOldCodeSurvivesExpand has code that does",
		"ALTER TABLE orders VALIDATE CONSTRAINT positive": "the statement before it is the contract; it has to follow that",
	}
}

// noticed are statements that running code survives though an answer changes:
// its INSERTs return a first default where they returned NULL.
func noticed(sql string) bool {
	return slices.Contains([]string{
		"ALTER TABLE orders ALTER COLUMN code SET DEFAULT 'x'",
		"ALTER TABLE orders ALTER COLUMN note SET DEFAULT gen_random_uuid()::text",
	}, sql)
}

// refused are statements that the server does not take on the base.
func refused() map[string]string {
	return map[string]string{
		"DROP ROLE app":                     "it has been granted rights in the base",
		"ALTER DOMAIN bounded SET NOT NULL": "the rows of the base have NULL",
	}
}

// TestVerdictsOnServer asks a server about every verdict: what is expand, data
// or neutral changes no answer that running code gets, and what is contract
// changes at least one.
func TestVerdictsOnServer(t *testing.T) {
	t.Parallel()
	db := connect(t, base, grants)
	counts, known := map[plans.Class]int{}, map[string][]string{}
	released := release(t)
	for _, c := range allCases() {
		statement := read(t, c.sql)[0]
		v := pgclass.Of(statement, released, replay(t, released.Clone(), c.before))
		if v.Class == plans.ClassAsk || v.Class == plans.ClassSplit || slices.Contains([]string{"VACUUM", "COPY", "BEGIN"}, statement.Words[0]) {
			continue
		}
		before, after, err := askServer(t, db, c, known)
		if err != nil {
			if _, excused := refused()[c.sql]; !excused {
				t.Errorf("%s: %v", c.sql, err)
			}
			continue
		}
		counts[v.Class]++
		if slices.Contains([]string{"INSERT", "UPDATE"}, statement.Words[0]) {
			before, after = failures(before), failures(after) // rows are what they are about
		}
		changed := firstChange(before, after)
		_, excused := unnoticed()[c.sql]
		switch {
		case v.Class != plans.ClassContract && (changed != "") != noticed(c.sql):
			t.Errorf("%s is %s (%s), and running code notices it: %s", c.sql, v.Class, v.Reason, changed)
		case v.Class == plans.ClassContract && changed == "" && !excused:
			t.Errorf("%s is contract (%s), and running code does not notice it", c.sql, v.Reason)
		case v.Class == plans.ClassContract && changed != "" && excused:
			t.Errorf("%s is excused, and running code notices it: %s", c.sql, changed)
		}
	}
	t.Logf("asked the server about %v", counts)
}

// askServer returns the answers that running code gets before and after a
// statement; known keeps those before. Everything is rolled back.
func askServer(t *testing.T, db *sql.DB, c verdictCase, known map[string][]string) (before, after []string, err error) {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}()
	must(t, tx, c.before+";")
	if before = known[c.before]; before == nil {
		before = answers(t, tx, oldCode())
		known[c.before] = before
	}
	if _, err := tx.ExecContext(t.Context(), strings.ReplaceAll(c.sql, "CONCURRENTLY ", "")); err != nil {
		return nil, nil, err
	}
	return before, answers(t, tx, oldCode()), nil
}

func failures(answers []string) []string {
	all := slices.Clone(answers)
	for i := range all {
		if !strings.HasPrefix(all[i], "error ") {
			all[i] = "rows"
		}
	}
	return all
}

func firstChange(before, after []string) string {
	for i, text := range oldCode() {
		if before[i] != after[i] {
			return fmt.Sprintf("%s gave %q, and now %q", text, before[i], after[i])
		}
	}
	return ""
}
