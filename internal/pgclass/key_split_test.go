package pgclass_test

import (
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgclass"
)

// TestKeysWithoutKeepingWritersOut: the files that are printed for a key end,
// on a server, where the statement by itself does.
func TestKeysWithoutKeepingWritersOut(t *testing.T) {
	t.Parallel()
	released := release(t)
	const constraints = `SELECT conname, contype, convalidated, pg_get_constraintdef(oid) FROM pg_constraint
		WHERE conrelid::regclass::text IN ('visits', 'orders') ORDER BY 1, 2`
	for _, sql := range []string{
		"ALTER TABLE visits ADD PRIMARY KEY (c)", "ALTER TABLE visits ADD CONSTRAINT one_visit UNIQUE (c, later)",
		"ALTER TABLE visits ADD UNIQUE (c)", "ALTER TABLE orders ADD FOREIGN KEY (total) REFERENCES secrets (id)",
		"ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0)", "ALTER TABLE orders ADD CONSTRAINT owned FOREIGN KEY (total) REFERENCES secrets (id)",
	} {
		t.Run(sql, func(t *testing.T) {
			t.Parallel()
			const empty = base + "DELETE FROM orders; DELETE FROM visits;"
			whole, parts := connect(t, empty, sql), connect(t, empty)
			v := pgclass.Of(read(t, sql)[0], released, released)
			if len(v.Split) < 2 {
				t.Fatalf("%s is %s, and has %d files", sql, v.Class, len(v.Split))
			}
			for _, f := range v.Split {
				if _, err := parts.ExecContext(t.Context(), f.SQL); err != nil {
					t.Fatalf("%s: %v in\n%s", f.Name, err, f.SQL)
				}
			}
			a, err := whole.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer a.Rollback() //nolint:errcheck // it has only read
			b, err := parts.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Rollback() //nolint:errcheck // it has only read
			if want, got := answer(t.Context(), a, constraints), answer(t.Context(), b, constraints); got != want {
				t.Errorf("the files end in\n%s\nexpected\n%s", got, want)
			}
		})
	}
}
