package postgres_test

import (
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
