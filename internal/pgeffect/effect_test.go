package pgeffect_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/plans"
)

// TestUnknown: what a rule cannot know is said, and what it knows is given all
// the same.
func TestUnknown(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]struct {
		reason string
		lock   plans.Lock
	}{
		"ALTER TABLE nowhere ADD COLUMN x int":                 {"nowhere is not in the schema", plans.Lock{Mode: "AccessExclusiveLock", Relation: "nowhere"}},
		"ALTER TABLE t ADD COLUMN x int DEFAULT own.f()":       {"function own.f is not known; taken as volatile", plans.Lock{Mode: "AccessExclusiveLock", Relation: "t"}},
		"UPDATE t SET a = f()":                                 {"what function f does is not read", plans.Lock{Mode: "RowExclusiveLock", Relation: "t"}},
		"UPDATE t SET a = 1":                                   {"trigger trg on t may do more", plans.Lock{Mode: "RowExclusiveLock", Relation: "t"}},
		"ALTER TABLE nowhere ADD FOREIGN KEY (a) REFERENCES t": {"nowhere is not in the schema", plans.Lock{Mode: "ShareRowExclusiveLock", Relation: "t"}},
		"DO $$BEGIN END$$":                                     {"what a DO block does is not read", plans.Lock{}},
		"CALL f()":                                             {"what a procedure does is not read", plans.Lock{}},
		"DROP TABLE IF EXISTS nowhere":                         {"nowhere is not in the schema", plans.Lock{}},
		"ALTER TABEL t ADD x int":                              {"the grammar does not know the statement", plans.Lock{}},
	} {
		statements, err := pgsyntax.Read([]byte(statement))
		if err != nil {
			t.Fatal(err)
		}
		e := pgeffect.Of(statements[0], baseSchema(t), pgeffect.Server{Major: 15, UTC: true})
		if !slices.Contains(e.Unknown, want.reason) {
			t.Errorf("%s: unknown %q, expected %q", statement, e.Unknown, want.reason)
		}
		if want.lock.Mode != "" && !slices.Contains(e.Locks, want.lock) {
			t.Errorf("%s: locks %v, expected %v", statement, e.Locks, want.lock)
		}
	}
}

// TestTimeZone: only where the session's zone is UTC are the values of
// timestamp and timestamptz the same.
func TestTimeZone(t *testing.T) {
	t.Parallel()
	statements, err := pgsyntax.Read([]byte("ALTER TABLE t ALTER COLUMN ts TYPE timestamptz"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		server   pgeffect.Server
		rewrites bool
	}{{pgeffect.Server{Major: 15, UTC: true}, false}, {pgeffect.Server{Major: 15}, true}, {pgeffect.Server{Major: 11, UTC: true}, true}} {
		e := pgeffect.Of(statements[0], baseSchema(t), test.server)
		if got := slices.Contains(e.Rewrites, "t"); got != test.rewrites {
			t.Errorf("%+v: rewrites %v", test.server, e.Rewrites)
		}
	}
}

// TestTheSchemaStays: asking changes nothing, also for what is dropped.
func TestTheSchemaStays(t *testing.T) {
	t.Parallel()
	s := baseSchema(t)
	before := len(s.Tables) + len(s.Indexes) + len(s.Views) + len(s.Sequences) + len(s.Types) + len(s.Publications)
	for _, r := range readMatrix(t) {
		statements, err := pgsyntax.Read([]byte(r.statement))
		if err != nil {
			t.Fatal(err)
		}
		pgeffect.Of(statements[0], s, pgeffect.Server{Major: 15, UTC: true})
		if after := len(s.Tables) + len(s.Indexes) + len(s.Views) + len(s.Sequences) + len(s.Types) + len(s.Publications); after != before {
			t.Fatalf("%s: %d objects, then %d", r.name, before, after)
		}
	}
	if s.Tables[pgschema.NameOfParts(strings.Split("t", "."))] == nil {
		t.Error("t is gone")
	}
}
