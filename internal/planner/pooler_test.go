package planner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/plans"
)

func TestAPoolerBlocks(t *testing.T) {
	t.Parallel()
	plan := &plans.Plan{Environment: "dev", ChangeSet: "status", Observations: []plans.Observation{
		{Address: "database.fine", Database: &plans.DatabaseState{}},
		{Address: "database.orders", Database: &plans.DatabaseState{Pooled: true}},
	}}
	blocks := planner.Blocks(plan, nil, time.Time{})
	if len(blocks) != 1 || blocks[0].Code != "pooler" || !strings.Contains(blocks[0].Summary, "database.orders") ||
		!strings.Contains(blocks[0].Summary, "direct_url") || blocks[0].Next != "lockstep doctor --env dev" {
		t.Fatalf("%+v", blocks)
	}
}
