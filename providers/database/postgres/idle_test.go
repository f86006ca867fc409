package postgres_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/faultproxy"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// A server that does not notice that its client is gone does not keep a
// transaction that only reads: CREATE INDEX CONCURRENTLY would wait for it.
func TestNoObservationOutlivesALostConnection(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := b.behindProxy()
	p.Arm(faultproxy.Fault{From: faultproxy.Client, Says: "pg_control_system", Hides: faultproxy.HidesFromServer})
	_, err := postgres.New().Observe(t.Context(), providers.ObserveRequest{Address: "database.orders", Settings: block(b.url, "")})
	if _, happened := p.Happened(); err == nil || !happened {
		t.Fatalf("cut: %t, %v", happened, err)
	}
	b.await(t, `SELECT count(*) = 0 FROM pg_stat_activity
		WHERE application_name = 'lockstep' AND state LIKE 'idle in transaction%' AND datname = current_database()`)
}

// What a client has said in part the server takes for a statement at work.
func TestAnObservationThatEndsInTheMiddleKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec("create table busy (id int)")
	direct := b.url
	p := b.behindProxy()
	observe := func() error {
		_, err := postgres.New().Observe(t.Context(), providers.ObserveRequest{Address: "database.orders", Settings: block(b.url, "")})
		return err
	}
	p.Arm(faultproxy.Fault{})
	if err := observe(); err != nil {
		t.Fatal(err)
	}
	said := p.Seen(faultproxy.Client)
	asked := slices.IndexFunc(said, func(m faultproxy.Message) bool { return strings.Contains(string(m.Body), "pg_control_system") })
	if asked < 0 {
		t.Fatal("the question was not seen")
	}
	sync := asked + slices.IndexFunc(said[asked:], func(m faultproxy.Message) bool { return m.Type == 'S' })
	p.Arm(faultproxy.Fault{From: faultproxy.Client, Number: sync + 1, Before: true, Hides: faultproxy.HidesFromServer})
	if err := observe(); err == nil {
		t.Fatal("it was not cut")
	}
	b.url = direct
	req := b.step(1, "create index concurrently ix on busy (id)", "drop index concurrently ix")
	req.Step.Migration.Mode = "statement"
	b.apply(b.planned(req))
	b.want("SELECT count(*) FROM pg_index WHERE indrelid = 'busy'::regclass AND indisvalid", "1")
}
