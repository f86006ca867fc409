package rollout_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/memory"
)

// stand is everything around a run: a world, a store, scripted checks.
type stand struct {
	t      testing.TB
	world  *memory.World
	faults []memory.Fault
	store  *journal.Store
	plan   *plans.Plan
	events []rollout.Event
	// checks by address; a check without an entry is green.
	checks map[string]*fakeCheck
	// change lets a test alter the configuration before each call.
	change func(*rollout.Config)
	wrap   func(providers.Provider) providers.Provider
}

func newStand(t testing.TB, plan *plans.Plan) *stand {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "store")
	if err != nil {
		t.Fatal(err)
	}
	store, err := journal.OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &stand{t: t, world: &memory.World{}, store: store, plan: plan, checks: map[string]*fakeCheck{}}
}

// Event implements rollout.Observer.
func (b *stand) Event(e rollout.Event) { b.events = append(b.events, e) }

func (b *stand) digest() plans.Digest {
	d, err := plans.DigestOfPlan(b.plan)
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

func (b *stand) config(w *journal.Writer, past journal.Run) rollout.Config {
	var provider providers.Provider = secretive{memory.New(b.world, b.faults...)}
	if b.wrap != nil {
		provider = b.wrap(provider)
	}
	cfg := rollout.Config{
		Plan: b.plan, Digest: b.digest(), Journal: w, Replayed: past, Actor: "ana", Wait: -1,
		Providers: func(name string) (providers.Provider, bool) { return provider, name == "memory" },
		Resolver:  b, Observer: b,
	}
	if b.change != nil {
		b.change(&cfg)
	}
	return cfg
}

// secretive hands outputs out as Terraform does sensitive ones.
type secretive struct{ providers.Provider }

func (s secretive) Apply(ctx context.Context, req providers.Request) (providers.Result, error) {
	r, err := s.Provider.Apply(ctx, req)
	r.Outputs, r.Secrets = hide(r.Outputs)
	return r, err
}

func (s secretive) Probe(ctx context.Context, req providers.Request) (providers.Report, error) {
	r, err := s.Provider.Probe(ctx, req)
	r.Outputs, r.Secrets = hide(r.Outputs)
	return r, err
}

func hide(outputs []plans.Output) ([]plans.Output, map[string]json.RawMessage) {
	secrets := map[string]json.RawMessage{}
	for i, o := range outputs {
		secrets[o.Name] = o.Value
		outputs[i].Sensitive = true
	}
	return outputs, secrets
}

// Settings implements rollout.Resolver.
func (b *stand) Settings(step plans.Step, outputs rollout.Outputs) (json.RawMessage, error) {
	for _, need := range step.Needs {
		if slices.ContainsFunc(b.plan.Steps, func(s plans.Step) bool { return s.Address == need && s.Action == plans.ActionTerraform }) {
			if out := outputs[need]; len(out) != 1 || string(out[0].Value) != `"secret"` {
				return nil, fmt.Errorf("output of %s is not known: %v", need, out)
			}
		}
	}
	if step.Action == plans.ActionTerraform {
		return json.RawMessage(`{"value":"` + step.Address + `","outputs":{"url":"secret"}}`), nil
	}
	return json.RawMessage(`{"value":"` + step.Address + `"}`), nil
}

// Check implements rollout.Resolver.
func (b *stand) Check(address string, _ rollout.Outputs) (rollout.Check, error) {
	if c, ok := b.checks[address]; ok {
		return c, nil
	}
	return &fakeCheck{}, nil
}

// Observed implements rollout.Resolver.
func (b *stand) Observed(step plans.Step) plans.Observation {
	return plans.Observation{Deployment: &plans.DeploymentState{Current: plans.DigestOf([]byte("old"))}}
}

func (b *stand) create(kind journal.RunKind, of string) *journal.Writer {
	b.t.Helper()
	var ordered *journal.Rollback
	if kind == journal.Revert {
		all := rollout.RollbackOptions{Schema: true, Infrastructure: true}.Order()
		ordered = &all
	}
	w, err := b.store.Create(journal.Header{
		ChangeSet: b.plan.ChangeSet, Environment: b.plan.Environment, Plan: b.digest(), Content: b.plan.Content,
		Tool: "test", Actor: "ana", Kind: kind, Of: of, Ordered: ordered,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return w
}

func (b *stand) run(ctx context.Context) (string, rollout.Outcome) {
	b.t.Helper()
	w := b.create(journal.Apply, "")
	out := rollout.Run(ctx, b.config(w, journal.Run{}))
	b.close(w)
	return w.ID(), out
}

func (b *stand) close(w *journal.Writer) {
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
}

func (b *stand) open(id string) (*journal.Writer, journal.Run) {
	b.t.Helper()
	w, records, err := b.store.Open(id)
	if err != nil {
		b.t.Fatal(err)
	}
	past, err := journal.Replay(records)
	if err != nil {
		b.t.Fatal(err)
	}
	return w, past.Seen(false)
}

func (b *stand) resume(ctx context.Context, id string) rollout.Outcome {
	b.t.Helper()
	w, past := b.open(id)
	defer b.close(w)
	cfg := b.config(w, past)
	if past.Of != "" {
		cfg.Undoes = b.replay(past.Of)
	}
	return rollout.Resume(ctx, cfg)
}

func (b *stand) rollBack(ctx context.Context, id string, options rollout.RollbackOptions) rollout.Outcome {
	b.t.Helper()
	if past := b.replay(id); past.State.Over() {
		w := b.create(journal.Revert, id)
		defer b.close(w)
		cfg := b.config(w, journal.Run{})
		cfg.Undoes = past
		return rollout.Rollback(ctx, cfg, options)
	}
	w, past := b.open(id)
	defer b.close(w)
	return rollout.Rollback(ctx, b.config(w, past), options)
}

func (b *stand) replay(id string) journal.Run {
	b.t.Helper()
	run, err := b.store.Replay(id)
	if err != nil {
		b.t.Fatal(err)
	}
	return run
}

func (b *stand) records(id string) []journal.Record {
	b.t.Helper()
	records, err := b.store.Read(id)
	if err != nil {
		b.t.Fatal(err)
	}
	return records
}

// cut keeps the first k records of a run, as if the process had died there.
func (b *stand) cut(id string, k int) {
	b.t.Helper()
	path := filepath.Join(b.store.RunDir(id), "journal.jsonl")
	text, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	if err := os.WriteFile(path, []byte(strings.Join(lines[:k], "")), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b *stand) applied() []string { return b.calls(memory.Apply) }

func (b *stand) calls(verb memory.Verb) []string {
	var out []string
	for _, c := range b.world.Calls() {
		if c.Verb == verb {
			out = append(out, c.Address)
		}
	}
	return out
}

// fakeCheck is a scripted check; without a script it is green.
type fakeCheck struct {
	mu       sync.Mutex
	script   []bool      // the n-th sample; the last one repeats
	green    func() bool // decides instead of the script
	n        int
	interval time.Duration
	takes    func(n int) time.Duration
}

func (c *fakeCheck) Sample(context.Context) rollout.Sample {
	c.mu.Lock()
	defer c.mu.Unlock()
	green := true
	if len(c.script) > 0 {
		green = c.script[min(c.n, len(c.script)-1)]
	}
	if c.green != nil {
		green = c.green()
	}
	c.n++
	if c.takes != nil {
		time.Sleep(c.takes(c.n))
	}
	return rollout.Sample{At: time.Now(), Green: green, Message: fmt.Sprint("sample ", c.n)}
}

func (c *fakeCheck) Watch(ctx context.Context, seen func(rollout.Sample)) journal.Verdict {
	if ctx.Err() != nil {
		return journal.Verdict{Status: journal.VerdictInconclusive}
	}
	s := c.Sample(ctx)
	seen(s)
	if s.Green {
		return journal.Verdict{Status: journal.VerdictPass, Message: s.Message}
	}
	return journal.Verdict{Status: journal.VerdictFail, Message: s.Message, Evidence: json.RawMessage(`{"status_code":500}`)}
}

func (c *fakeCheck) Interval() time.Duration {
	if c.interval > 0 {
		return c.interval
	}
	return 5 * time.Second
}

func (c *fakeCheck) FailureThreshold() int { return 3 }

func step(phase plans.Phase, action plans.Action, address string, needs ...string) plans.Step {
	return plans.Step{
		Address: address, Phase: phase, Action: action, Provider: "memory", Target: "target of " + address, Needs: needs,
		Rollback: plans.Rollback{Grade: plans.GradeExact},
	}
}

// shopPlan has one of everything.
func shopPlan() *plans.Plan {
	bake := step(plans.Release, plans.ActionBake, "bake.release")
	bake.Target, bake.Checks = "", []string{"check.errors"}
	drop := step(plans.Contract, plans.ActionMigrate, "migration.drop")
	drop.Target, drop.Rollback.Grade = "database.orders", plans.GradeNone
	steps := []plans.Step{
		step(plans.Expand, plans.ActionTerraform, "terraform.cache"),
		step(plans.Expand, plans.ActionMigrate, "migration.a"),
		step(plans.Expand, plans.ActionMigrate, "migration.b", "migration.a"),
		step(plans.Deploy, plans.ActionFetch, "artifact.api"),
		step(plans.Deploy, plans.ActionDeploy, "deployment.api", "artifact.api", "terraform.cache"),
		step(plans.Verify, plans.ActionCheck, "check.ready"),
		bake,
		drop,
	}
	steps[1].Target, steps[2].Target = "database.orders", "database.orders"
	return &plans.Plan{
		FormatVersion: plans.FormatVersion, ChangeSet: "shop", Environment: "dev", Content: plans.DigestOf([]byte("content")),
		Policy: plans.Policy{OnFailure: "auto", KeepSchema: true}, Steps: steps,
	}
}

func without(plan *plans.Plan, address string) *plans.Plan {
	plan.Steps = slices.DeleteFunc(plan.Steps, func(s plans.Step) bool { return s.Address == address })
	return plan
}

func equal(t testing.TB, what string, found, expected []string) {
	t.Helper()
	if !slices.Equal(found, expected) {
		t.Errorf("%s: found %q, expected %q", what, found, expected)
	}
}

func state(t testing.TB, out rollout.Outcome, want journal.State) {
	t.Helper()
	if out.State != want {
		t.Fatalf("state: found %s, expected %s (%s, %v)", out.State, want, out.Reason, out.Err)
	}
}

// lawful checks what holds for every journal: intents before effects, needs
// before steps, nothing both done and undone without an undo.
func (b *stand) lawful(id string) {
	b.t.Helper()
	records := b.records(id)
	intents := map[string]int{}
	status := map[string]string{}
	for _, r := range records {
		switch r.Kind {
		case journal.StepIntent:
			intents[r.Step]++
			for _, need := range b.plan.Step(r.Step).Needs {
				if status[need] != "done" {
					b.t.Fatalf("%s began before %s, which is %q", r.Step, need, status[need])
				}
			}
			status[r.Step] = "running"
		case journal.StepOutcome:
			var o journal.Outcome
			if err := json.Unmarshal(r.Data, &o); err != nil {
				b.t.Fatal(err)
			}
			status[r.Step] = o.Result
		case journal.GateVerdict:
			status[r.Step] = "done"
		}
	}
	applied := map[string]int{}
	for _, a := range b.applied() {
		applied[a]++
	}
	for address := range maps.Keys(applied) {
		if intents[address] == 0 {
			b.t.Fatalf("%s was applied without an intent", address)
		}
	}
	if _, err := journal.Replay(records); err != nil {
		b.t.Fatal(err)
	}
}
