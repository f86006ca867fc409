package crashtest

import (
	"fmt"
	"testing"
)

// TestKillsBehindPooler kills Lockstep while it works through PgBouncer, which
// gives each transaction a connection of its own and keeps it afterwards: what
// a dead client has left is not to be taken for somebody's, nor the other way
// round.
func TestKillsBehindPooler(t *testing.T) {
	for _, mode := range []string{"session", "transaction"} {
		t.Run(mode, func(t *testing.T) {
			pooler := cluster.Pooler(t, mode)
			j := leasedJourney(t)
			j.reach = pooler.URL
			points := j.points(t)
			var tl tally
			t.Run(j.name, func(t *testing.T) {
				for i := killStride / 3; i < len(points); i += killStride {
					t.Run(fmt.Sprintf("%03d %s", i+1, points[i]), func(t *testing.T) {
						t.Parallel()
						tl.add(t, j.kill(t, i+1, points[i]))
					})
				}
			})
			t.Logf("kills behind a pooler in mode %s: %d points counted by a dry pass; %s", mode, len(points), &tl)
		})
	}
}
