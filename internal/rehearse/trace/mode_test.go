package trace_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
)

// TestConflicts asks the server about every pair of modes.
func TestConflicts(t *testing.T) {
	t.Parallel()
	db := database(t, "CREATE TABLE t ()")
	for _, held := range trace.Modes() {
		holder := begin(t, db)
		if _, err := holder.Exec("LOCK TABLE t IN " + spelled(held) + " MODE"); err != nil {
			t.Fatal(err)
		}
		for _, asked := range trace.Modes() {
			asker := begin(t, db)
			_, err := asker.Exec("LOCK TABLE t IN " + spelled(asked) + " MODE NOWAIT")
			var refused *pq.Error
			waits := errors.As(err, &refused) && refused.Code == "55P03"
			if err != nil && !waits {
				t.Fatal(err)
			}
			if held.Conflicts(asked) != waits {
				t.Errorf("%s held, %s asked for: the server says it waits: %v", held, asked, waits)
			}
			if err := asker.Rollback(); err != nil {
				t.Fatal(err)
			}
		}
		if err := holder.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
}

// spelled turns AccessShareLock into what LOCK TABLE takes.
func spelled(m trace.Mode) string {
	var words strings.Builder
	for i, r := range strings.TrimSuffix(string(m), "Lock") {
		if i > 0 && unicode.IsUpper(r) {
			words.WriteByte(' ')
		}
		words.WriteRune(unicode.ToUpper(r))
	}
	return words.String()
}

func begin(t *testing.T, db *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(context.WithoutCancel(t.Context()), nil)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}
