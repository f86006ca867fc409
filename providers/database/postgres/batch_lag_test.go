package postgres_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// A server that crashes between two batches, and comes back.
func TestBackfillGoesOnOverARestart(t *testing.T) {
	t.Parallel()
	server, err := pgtest.Start(pgtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	b := newBenchAt(t, server.URL("postgres"))
	b.orders(1000)
	req := b.filling(func(s *plans.Backfill) { s.Batch = 50 })
	asked := 0
	req.Stopping = func() bool {
		if asked++; asked == 1 || asked == 15 {
			if err := server.Restart(pgtest.Options{}); err != nil {
				t.Error(err)
			}
		}
		return false
	}
	if result := b.apply(req); result.Figures["connections_lost"].(int64) < 2 {
		t.Errorf("%+v", result)
	}
	b.wantOnce(once)
}

// following is a bench on a server of its own that a replica follows: the
// backfills of other tests would be held for one that follows theirs.
func following(t *testing.T) (b *bench, replica *bench) {
	t.Helper()
	server, err := pgtest.Start(pgtest.Options{Settings: map[string]string{"max_prepared_transactions": "5"}})
	if err != nil {
		t.Fatal(err)
	}
	follower, err := server.Replica(pgtest.Options{Settings: map[string]string{"max_prepared_transactions": "5"}})
	if err != nil {
		t.Fatal(errors.Join(err, server.Stop()))
	}
	t.Cleanup(func() {
		if err := errors.Join(follower.Stop(), server.Stop()); err != nil {
			t.Error(err)
		}
	})
	return newBenchAt(t, server.URL("postgres")), newBenchAt(t, follower.URL("postgres"))
}

// A replica that has stopped to replay reports no growing lag by itself; it is
// held for all the same, and no longer than it takes.
func TestBackfillHoldsForAReplica(t *testing.T) {
	t.Parallel()
	b, replica := following(t)
	b.orders(5000)
	b.exec("ANALYZE orders")
	seen := b.surveyed(b.filling(nil))
	if seen.figures.Replicas != 1 || seen.figures.LagHidden {
		t.Errorf("%+v", seen.figures)
	}
	replica.exec("SELECT pg_wal_replay_pause()")
	// Batches of a hundred rows that take half a second each: time passes.
	b.exec(`CREATE FUNCTION pace() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$;
		CREATE TRIGGER pace AFTER UPDATE ON orders FOR EACH STATEMENT EXECUTE FUNCTION pace()`)
	req := b.filling(func(s *plans.Backfill) { s.MaxLag = plans.Duration(500 * time.Millisecond) })
	said := make(chan string, 1000)
	req.Progress = func(line string) { said <- line }
	done := make(chan error, 1)
	go func() { _, err := postgres.New().Apply(t.Context(), req); done <- err }()
	for line := range said {
		if strings.Contains(line, "holding: replica ") && strings.Contains(line, "max_lag is 500ms") {
			break
		}
	}
	b.want("SELECT count(*) < 5000 FROM orders WHERE n = 1", "t")
	b.exec("DROP TRIGGER pace ON orders")
	replica.exec("SELECT pg_wal_replay_resume()")
	for line := range said {
		if strings.Contains(line, "going on: the replicas have caught up") {
			break
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	b.wantOnce(once)
}

// A role that may not look at replicas is told so once, and goes on.
func TestBackfillWithoutTheRightToSeeReplicas(t *testing.T) {
	t.Parallel()
	b, _ := following(t)
	b.orders(500)
	b.exec("CREATE ROLE owner LOGIN PASSWORD 'owner'; GRANT ALL ON DATABASE postgres TO owner; GRANT ALL ON SCHEMA public TO owner; ALTER TABLE orders OWNER TO owner")
	b.url = strings.Replace(b.url, "postgres@", "owner:owner@", 1)
	if !strings.Contains(b.url, "owner:owner@") {
		b.url = strings.Replace(b.url, "user=postgres", "user=owner&password=owner", 1)
	}
	req := b.filling(func(s *plans.Backfill) { s.Batch = 50 })
	if seen := b.surveyed(req); seen.figures.Replicas != 1 || !seen.figures.LagHidden {
		t.Errorf("%+v", seen.figures)
	}
	b.apply(req)
	hidden := 0
	for _, line := range b.lines {
		if strings.Contains(line, "whose lag the role may not see") {
			hidden++
		}
	}
	if hidden != 1 {
		t.Errorf("said %d times: %q", hidden, b.lines)
	}
	b.wantOnce(once)
}

// Where nothing follows there is nothing to be told of.
func TestBackfillWithoutReplicasSaysNothingOfThem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.orders(100)
	role := "filler_" + b.get(`SELECT current_database()`)
	b.exec(`CREATE ROLE ` + role + ` LOGIN; GRANT CREATE ON DATABASE ` + b.get(`SELECT current_database()`) + ` TO ` + role + `;
		GRANT CREATE ON SCHEMA public TO ` + role + `; ALTER TABLE orders OWNER TO ` + role)
	t.Cleanup(func() { b.exec(`DROP OWNED BY ` + role + ` CASCADE; DROP ROLE ` + role) })
	b.url = with(t, b.url, role)
	b.apply(b.filling(nil))
	if said := strings.Join(b.lines, "\n"); strings.Contains(said, "replica") {
		t.Error(said)
	}
	b.wantOnce(once)
}
