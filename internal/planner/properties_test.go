package planner_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/plans"
)

// scene draws an input: which blocks there are, what the files do, how much
// of them is applied, what Terraform plans.
func scene(t *rapid.T, sets map[string]*config.Evaluated) planner.Input {
	body := rapid.SampledFrom([]string{"whole", "plain", "twice"}).Draw(t, "body")
	folder := []plans.MigrationFile{file(1, "create_orders", "CREATE TABLE orders (id bigint, state text);", "DROP TABLE orders;")}
	contract := rapid.IntRange(2, 6).Draw(t, "contract from")
	for v := uint64(2); v <= 4; v++ {
		up := fmt.Sprintf("ALTER TABLE orders ADD COLUMN c%d text;", v)
		if int(v) >= contract {
			up = fmt.Sprintf("ALTER TABLE orders DROP COLUMN c%d;", v)
		}
		down := rapid.SampledFrom([]string{"", "SELECT 1;"}).Draw(t, "down")
		folder = append(folder, file(v, fmt.Sprintf("m%d", v), up, down))
	}
	var applied []plans.AppliedMigration
	for _, f := range folder[:rapid.IntRange(0, 4).Draw(t, "applied")] {
		applied = append(applied, appliedFile(f, "c"))
	}
	actions := rapid.SampledFrom([][]string{{"create"}, {"update"}, {"delete"}, {"no-op"}}).Draw(t, "actions")
	current := rapid.SampledFrom([]plans.Digest{"", digest("old"), digest("new")}).Draw(t, "current")
	return planner.Input{
		Tool: "lockstep 0.1.0", ChangeSet: sets[body],
		Environment:  planner.Environment{Name: "production"},
		Folders:      map[string][]plans.MigrationFile{"orders": folder},
		Observations: []plans.Observation{database(applied...), artifact("new"), deployment(current), module(change("terraform_data.a", actions...), change("terraform_data.b", actions...))},
		Siblings:     []planner.Sibling{{Name: "a", Order: 1}, {Name: "b", Order: 2}},
		Variables:    []plans.Variable{{Name: "x", Source: "default"}, {Name: "y", Source: "flag"}},
		Inputs: []plans.Input{
			{Role: "config", Path: "a", Digest: digest("a")},
			{Role: "config", Path: "b", Digest: digest("b")},
			{Role: "terraform-source", Path: "infra/cache/main.tf", Digest: digest("tf")},
		},
	}
}

// shuffled is the same input with every list in another order.
func shuffled(in planner.Input, seed uint64) planner.Input {
	r := rand.New(rand.NewPCG(seed, 1))
	set := *in.ChangeSet
	set.Blocks = mixed(r, set.Blocks)
	for i := range set.Blocks {
		set.Blocks[i].Needs = mixed(r, set.Blocks[i].Needs)
	}
	in.ChangeSet = &set
	in.Folders = map[string][]plans.MigrationFile{"orders": mixed(r, in.Folders["orders"])}
	in.Observations = mixed(r, in.Observations)
	for i, o := range in.Observations {
		if o.Database != nil {
			state := *o.Database
			state.Applied = mixed(r, state.Applied)
			in.Observations[i].Database = &state
		}
	}
	in.Siblings, in.Variables, in.Inputs = mixed(r, in.Siblings), mixed(r, in.Variables), mixed(r, in.Inputs)
	return in
}

func mixed[T any](r *rand.Rand, in []T) []T {
	out := slices.Clone(in)
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func TestPlanProperties(t *testing.T) {
	t.Parallel()
	sets := map[string]*config.Evaluated{
		"whole": evaluated(t, whole),
		"plain": evaluated(t, cacheBlock+migrationBlock+apiBlocks),
		"twice": evaluated(t, migrationBlock+apiBlocks+readyCheck+`
phase "expand" {
  preconditions  = [check.http.ready]
  postconditions = [check.http.ready]
}
phase "contract" {
  preconditions = [check.http.ready]
  bake_time     = "1m"
}`),
	}
	rapid.Check(t, func(t *rapid.T) {
		in := scene(t, sets)
		p, ds := planner.Plan(in)
		again, ds2 := planner.Plan(shuffled(in, rapid.Uint64().Draw(t, "seed")))
		if fmt.Sprint(ds) != fmt.Sprint(ds2) {
			t.Fatalf("other diagnostics:\n%v\n%v", ds, ds2)
		}
		if p == nil {
			t.Fatalf("refused: %v", ds)
		}
		first, _ := plans.Encode(p)
		second, _ := plans.Encode(again)
		if !bytes.Equal(first, second) {
			t.Fatalf("shuffled inputs give another plan:\n%s\n%s", first, second)
		}
		decoded, err := plans.Decode(first)
		if err != nil {
			t.Fatal(err)
		}
		if third, _ := plans.Encode(decoded); !bytes.Equal(first, third) {
			t.Fatal("the plan does not survive reading and writing")
		}
		wellOrdered(t, p)
	})
}

// wellOrdered holds for every plan.
func wellOrdered(t *rapid.T, p *plans.Plan) {
	place := map[string]int{}
	version := ""
	contract := false
	for i, s := range p.Steps {
		if _, twice := place[s.Address]; twice {
			t.Fatalf("%s twice", s.Address)
		}
		place[s.Address] = i
		if i > 0 && s.Phase.Before(p.Steps[i-1].Phase) {
			t.Fatalf("%s in %s after %s", s.Address, s.Phase, p.Steps[i-1].Phase)
		}
		for _, need := range s.Needs {
			if at, ok := place[need]; !ok || at >= i {
				t.Fatalf("%s needs %s, which does not come before", s.Address, need)
			}
		}
		if s.Why == "" || s.Summary == "" || s.Risk.Level == "" || s.Rollback.Grade == "" || s.Rollback.Reason == "" {
			t.Fatalf("incomplete: %+v", s)
		}
		if s.Migration == nil {
			continue
		}
		if contract && s.Migration.Class != plans.ClassContract {
			t.Fatalf("%s after a contract", s.Address)
		}
		contract = contract || s.Migration.Class == plans.ClassContract
		if s.Migration.Version <= version {
			t.Fatalf("version %s after %s", s.Migration.Version, version)
		}
		version = s.Migration.Version
	}
	if p.Settled != "" && len(p.Steps) > 0 {
		t.Fatalf("%s, and %d steps", p.Settled, len(p.Steps))
	}
}
