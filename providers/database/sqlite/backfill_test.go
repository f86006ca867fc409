package sqlite_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
	"github.com/lockstep-dev/lockstep/providers/providertest"
)

const countTwice = "UPDATE orders SET n = n + 1 WHERE id BETWEEN :from AND :to"

// filling is a step that adds one to every row, which is wrong twice.
func (b *bench) filling(change func(*plans.Backfill)) providers.Request {
	spec := plans.Backfill{
		Database: "app", Table: "orders", Key: "id", Update: countTwice, File: "changes/a.lockstep.hcl", Line: 7,
		Batch: 10, BatchDuration: plans.Duration(time.Second),
	}
	if change != nil {
		change(&spec)
	}
	spec.Definition = plans.BackfillDefinition(spec.Table, spec.Key, spec.Update)
	return providers.Request{
		Run: "r1", Actor: "alice", ChangeSet: "c", Settings: json.RawMessage(`{"database":` + target + `}`),
		Step: plans.Step{Address: "backfill.ids", Phase: plans.Deploy, Action: plans.ActionBackfill, Backfill: &spec},
	}
}

// orders makes a table of so many rows with gaps between their keys.
func (b *bench) orders(rows string) {
	b.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, code TEXT)")
	b.exec("INSERT INTO orders WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < " + rows + ") SELECT i * 3, 0, printf('k%05d', i) FROM c")
}

func TestBackfillChangesEveryRowOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key, update string
	}{
		"whole numbers": {"id", countTwice},
		"texts":         {"code", "UPDATE orders SET n = n + 1 WHERE code >= :from AND code <= :to AND ':from' <> ':to' -- :from"},
		"an expression": {"id", "UPDATE orders SET n = n + 1 WHERE id + 0 BETWEEN :from AND :to"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.orders("95")
			req := b.filling(func(s *plans.Backfill) { s.Key, s.Update = test.key, test.update })
			b.verdict(req, providers.Absent)
			result := b.apply(req)
			if !result.Changed || result.Figures["rows"] != int64(95) || result.Figures["batches"] != int64(10) {
				t.Errorf("%+v", result)
			}
			if result.Summary != "95 rows changed in 10 batches; what is left was not counted" {
				t.Errorf("%q", result.Summary)
			}
			b.verdict(req, providers.Done)
			if again := b.apply(req); again.Changed {
				t.Errorf("again: %+v", again)
			}
			b.want("SELECT count(*) || ' ' || min(n) || ' ' || max(n) FROM orders", "95 1 1")
		})
	}
}

func TestBackfillOfNoRows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.orders("1")
	b.exec("DELETE FROM orders")
	req := b.filling(nil)
	b.apply(req)
	b.verdict(req, providers.Done)
}

// What is interrupted goes on behind the last batch, in the same run or in
// another one.
func TestBackfillGoesOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.orders("95")
	req := b.filling(nil)
	asked := 0
	req.Stopping = func() bool { asked++; return asked > 9 }
	_, err := b.provider().Apply(t.Context(), req)
	if !errors.Is(err, providers.ErrStopped) {
		t.Fatalf("%v", err)
	}
	b.verdict(req, providers.Partial)
	b.want("SELECT count(*) > 0 AND count(*) < 95 FROM orders WHERE n = 1", "1")
	if _, err := b.provider().Rollback(t.Context(), req); !errors.Is(err, providers.ErrIrreversible) {
		t.Errorf("rolled back: %v", err)
	}
	other := b.filling(nil)
	other.Run = "r2"
	if seen := b.survey(other); seen.LastKey == "" || seen.Finished != "" || seen.Run != "r1" {
		t.Errorf("%+v", seen)
	}
	b.apply(other)
	b.want("SELECT count(*) || ' ' || min(n) || ' ' || max(n) FROM orders", "95 1 1")
	if seen := b.survey(other); seen.Finished == "" || seen.Rows != 95 || seen.Run != "r2" {
		t.Errorf("%+v", seen)
	}
}

func (b *bench) survey(req providers.Request) plans.BackfillState {
	b.t.Helper()
	settings := `{"database":` + target + `,"table":"orders","key":"id"}`
	seen, err := b.provider().Observe(b.t.Context(), providers.ObserveRequest{
		ChangeSet: req.ChangeSet, Address: req.Step.Address, Settings: json.RawMessage(settings),
	})
	if err != nil || seen.Backfill == nil {
		b.t.Fatalf("%+v, %v", seen, err)
	}
	return *seen.Backfill
}

func TestBackfillCountsWhatIsLeft(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.orders("20")
	req := b.filling(func(s *plans.Backfill) {
		s.Remaining = "SELECT count(*) FROM orders WHERE n = 0"
		s.Update = "UPDATE orders SET n = n + 1 WHERE id BETWEEN :from AND :to AND id <> 30"
	})
	_, err := b.provider().Apply(t.Context(), req)
	var left *database.RowsLeftError
	if !errors.As(err, &left) || left.Left != 1 || left.UpTo != "60" || !strings.Contains(err.Error(), "repeatable = true") {
		t.Fatalf("%v", err)
	}
	b.verdict(req, providers.Partial)
	// It is counted again, and nothing is changed twice.
	if _, err := b.provider().Apply(t.Context(), req); !errors.As(err, &left) {
		t.Fatalf("%v", err)
	}
	b.want("SELECT max(n) FROM orders", "1")
	b.exec("UPDATE orders SET n = 1 WHERE id = 30")
	if result := b.apply(req); result.Summary != "19 rows changed in 2 batches, none left" {
		t.Errorf("%q", result.Summary)
	}
	b.verdict(req, providers.Done)
}

// A repeatable one goes over its table again as long as that helps.
func TestRepeatableBackfill(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.orders("20")
	b.exec(`CREATE TRIGGER late AFTER UPDATE ON orders WHEN new.id = 60 AND old.n = 0
		BEGIN INSERT OR IGNORE INTO orders VALUES (1, 0, 'late'), (100, 0, 'later'); END`)
	req := b.filling(func(s *plans.Backfill) {
		s.Remaining, s.Repeatable = "SELECT count(*) FROM orders WHERE n = 0", true
		s.Update = "UPDATE orders SET n = 1 WHERE id BETWEEN :from AND :to AND n = 0"
	})
	result := b.apply(req)
	if result.Figures["passes"] != 2 || result.Figures["rows"] != int64(22) {
		t.Errorf("%+v", result)
	}
	b.exec("DELETE FROM orders; DELETE FROM lockstep_backfill; DROP TRIGGER late; INSERT INTO orders VALUES (1, 0, 'x')")
	req.Step.Backfill.Remaining = "SELECT count(*) FROM orders"
	_, err := b.provider().Apply(t.Context(), req)
	if err == nil || !strings.Contains(err.Error(), "1 row left") || !strings.Contains(err.Error(), "it goes over all rows again") {
		t.Errorf("%v", err)
	}
}

// An edited text begins at the first key.
func TestEditedBackfillBeginsAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.orders("20")
	b.apply(b.filling(nil))
	edited := b.filling(func(s *plans.Backfill) { s.Update = strings.Replace(countTwice, "n + 1", "n + 10", 1) })
	edited.Run = "r2"
	b.verdict(edited, providers.Absent)
	b.apply(edited)
	b.want("SELECT min(n) || ' ' || max(n) FROM orders", "11 11")
}

func TestBackfillNamesThePlaceOfAnError(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.orders("20")
	b.exec("CREATE TRIGGER no BEFORE UPDATE ON orders WHEN new.id = 45 BEGIN SELECT raise(ABORT, 'not this one'); END")
	req := b.filling(nil)
	_, err := b.provider().Apply(t.Context(), req)
	for _, want := range []string{"backfill.ids: keys 33 to 60", "changes/a.lockstep.hcl:7", "not this one"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	b.verdict(req, providers.Partial)
	b.want("SELECT count(*) FROM orders WHERE n = 1", "10")
	b.exec("DROP TRIGGER no")
	b.apply(req)
	b.want("SELECT min(n) || ' ' || max(n) FROM orders", "1 1")
}

// A down file takes with it what a backfill has filled, so it is filled again
// when the schema comes back.
func TestADownForgetsTheBackfillsOfItsChangeSet(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	up := b.step(1, "CREATE TABLE orders (id INTEGER PRIMARY KEY, n INTEGER NOT NULL); INSERT INTO orders VALUES (1, 0), (2, 0)", "DROP TABLE orders")
	up.ChangeSet = "c"
	b.apply(up)
	b.apply(b.filling(nil))
	other := b.filling(nil)
	other.ChangeSet = "d"
	b.apply(other)
	b.rollback(up)
	b.want("SELECT change_set FROM lockstep_backfill", "d")
	b.apply(up)
	b.verdict(b.filling(nil), providers.Absent)
}

func TestBackfillConformance(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Case{
		New: func(t *testing.T) providers.Provider { return newBench(t).provider() },
		Target: func(t *testing.T) providertest.Fixture {
			b := newBench(t)
			b.orders("95")
			b.apply(b.step(1, "SELECT 1", "SELECT 1"))
			req := b.filling(nil)
			absolute := strings.ReplaceAll(target, "sqlite://app.db", "sqlite://"+b.file())
			settings := json.RawMessage(`{"database":` + absolute + `,"table":"orders","key":"id"}`)
			return providertest.Fixture{
				Step: req.Step, Settings: settings, Irreversible: true,
				Observe:   providers.ObserveRequest{Address: "backfill.ids", Settings: settings},
				Signature: func(*testing.T) string { return b.get("SELECT id || ' ' || n FROM orders ORDER BY id") },
				Crash: func(t *testing.T, p providers.Provider, req providers.Request) {
					if err := req.Record(database.Facts{PID: 1}); err != nil {
						t.Fatal(err)
					}
					asked := 0
					req.Record, req.Stopping = nil, func() bool { asked++; return asked > 5 }
					if _, err := p.Apply(t.Context(), req); !errors.Is(err, providers.ErrStopped) {
						t.Fatal(err)
					}
				},
			}
		},
	})
}
