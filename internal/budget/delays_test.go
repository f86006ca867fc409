package budget

import (
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

func busy() plans.Survey {
	s := surveyed()
	s.Transactions = []plans.OpenTransaction{
		{PID: 48113, User: "reports", Application: "metabase", Age: plans.Duration(372 * time.Second), State: "idle in transaction", Relations: []string{"orders"}},
		{PID: 7, User: "app", Age: plans.Duration(8 * time.Second), State: "active"},
		{Application: "left behind", User: "app", Age: plans.Duration(time.Hour), State: "prepared", Relations: []string{"orders", "small"}},
	}
	s.Replicas = []plans.ReplicaFigures{
		{Name: "west", Sync: "async", Lag: plans.Duration(45 * time.Second)}, {Name: "east", Sync: "sync", Lag: plans.Duration(-time.Second)},
	}
	return s
}

func TestDelays(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		st   plans.Statement
		want []string
	}{
		"everything": {
			plans.Statement{SQL: "ALTER TABLE orders ADD x int", Locks: lock("AccessExclusiveLock", "orders")},
			[]string{
				"pid 48113 (open for 6m12s, idle in transaction, user reports, metabase) would delay it: it holds a lock on orders",
				"prepared transaction left behind (open for 1h0m0s, user app) would delay it: it holds a lock on orders",
				"on west, east queries that read orders wait as well; those under way hold up its replay, and are cancelled after max_standby_streaming_delay",
				"replica west is 45s behind already",
			},
		},
		"writers": {
			plans.Statement{SQL: "CREATE INDEX i ON small (x)", Locks: lock("ShareLock", "small")},
			[]string{"prepared transaction left behind (open for 1h0m0s, user app) would delay it if it has written to small"},
		},
		"vacuum": {
			plans.Statement{SQL: "ALTER TABLE small VALIDATE CONSTRAINT c", Locks: lock("ShareUpdateExclusiveLock", "small")},
			[]string{"prepared transaction left behind (open for 1h0m0s, user app) would delay it if it changes the schema of small or is a VACUUM"},
		},
		"rows": {plans.Statement{SQL: "UPDATE orders SET x = 1", Locks: lock("RowExclusiveLock", "orders")}, nil},
		"elsewhere": {
			plans.Statement{SQL: "CREATE INDEX i ON fresh (x)", Locks: lock("ShareLock", "fresh")}, nil,
		},
		"rewrite": {
			plans.Statement{SQL: "CLUSTER fresh", Locks: lock("AccessExclusiveLock", "fresh"), Rewrites: []string{"fresh"}},
			[]string{
				"on west, east queries that read fresh wait as well; those under way hold up its replay, and are cancelled after max_standby_streaming_delay",
				"about 1 GB of log goes to west, east, which fall behind meanwhile",
				"commits wait for east, which is synchronous",
				"replica west is 45s behind already",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(Delays(tt.st, busy()), "\n"); got != strings.Join(tt.want, "\n") {
				t.Errorf("got:\n%s\nwant:\n%s", got, strings.Join(tt.want, "\n"))
			}
		})
	}
	all := Delays(plans.Statement{SQL: "CREATE INDEX CONCURRENTLY i ON fresh (x)", Locks: lock("ShareUpdateExclusiveLock", "fresh")}, busy())
	if len(all) != 3 || !strings.Contains(all[1], "pid 7 (open for 8s, active, user app) would delay it: CONCURRENTLY waits") {
		t.Errorf("%q", all)
	}
}
