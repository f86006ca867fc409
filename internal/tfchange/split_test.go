package tfchange

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawnPlan is a configuration whose resources are made from each other by
// way of locals, as Terraform would plan it.
type drawnPlan struct {
	actions []string // of r0, r1, ...
	needs   [][]int  // of each, resources that come before it
	outputs [][]int  // what each is made from
}

func drawPlan(t *rapid.T) drawnPlan {
	var d drawnPlan
	n := rapid.IntRange(2, 8).Draw(t, "resources")
	earlier := func(before int) []int {
		if before == 0 {
			return nil
		}
		return rapid.SliceOfNDistinct(rapid.IntRange(0, before-1), 0, min(2, before), rapid.ID[int]).Draw(t, "made from")
	}
	for i := range n {
		d.actions = append(d.actions, rapid.SampledFrom([]string{"create", "update", "delete", "replace", "no-op"}).Draw(t, "action"))
		d.needs = append(d.needs, earlier(i))
	}
	for range rapid.IntRange(0, 3).Draw(t, "outputs") {
		d.outputs = append(d.outputs, earlier(n))
	}
	return d
}

func (d drawnPlan) takes(i int) bool {
	return slices.Contains([]string{"delete", "replace"}, d.actions[i])
}

func (d drawnPlan) adds(i int) bool {
	return slices.Contains([]string{"create", "update"}, d.actions[i])
}

// closure is what Terraform plans when it is limited to some resources.
func (d drawnPlan) closure(from []int) map[int]bool {
	all := map[int]bool{}
	for todo := slices.Clone(from); len(todo) > 0; todo = todo[1:] {
		if i := todo[0]; !all[i] {
			all[i] = true
			todo = append(todo, d.needs[i]...)
		}
	}
	return all
}

func (d drawnPlan) graph(t *rapid.T) Graph {
	var dot strings.Builder
	dot.WriteString("digraph {\n\tsubgraph \"root\" {\n")
	edge := func(from, to string) { fmt.Fprintf(&dot, "\t\t%q -> %q\n", "[root] "+from, "[root] "+to) }
	for i := range d.actions {
		fmt.Fprintf(&dot, "\t\t%q [label = \"thing.r%d\", shape = \"box\"]\n", fmt.Sprintf("[root] thing.r%d (expand)", i), i)
		edge(`provider["x/y"] (close)`, fmt.Sprintf("thing.r%d (expand)", i))
		edge(fmt.Sprintf("thing.r%d (expand)", i), `provider["x/y"]`)
		for _, need := range d.needs[i] {
			edge(fmt.Sprintf("thing.r%d (expand)", i), fmt.Sprintf("local.l%d_%d (expand)", i, need))
			edge(fmt.Sprintf("local.l%d_%d (expand)", i, need), fmt.Sprintf("thing.r%d (expand)", need))
		}
	}
	for i, needs := range d.outputs {
		for _, need := range needs {
			edge(fmt.Sprintf("output.o%d (expand)", i), fmt.Sprintf("thing.r%d (expand)", need))
		}
	}
	dot.WriteString("\t}\n}\n")
	g, err := ReadGraph([]byte(dot.String()))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// plan is what Terraform would plan of some of the resources.
func (d drawnPlan) plan(t *rapid.T, of map[int]bool) *Plan {
	var changes []string
	for i, action := range d.actions {
		if !of[i] {
			continue
		}
		actions, after := fmt.Sprintf("[%q]", action), `{"name":"n"}`
		switch action {
		case "replace":
			actions = `["delete","create"]`
		case "delete":
			after = "null"
		}
		changes = append(changes, fmt.Sprintf(`{"address":"thing.r%d","type":"thing","change":{"actions":%s,"before":{},"after":%s,"after_unknown":{"id":true}}}`, i, actions, after))
	}
	outputs := map[string]any{}
	for i, needs := range d.outputs {
		if !slices.ContainsFunc(needs, func(need int) bool { return !of[need] }) && (len(needs) > 0 || len(of) == len(d.actions)) {
			outputs[fmt.Sprintf("o%d", i)] = map[string]any{"actions": []string{"update"}, "before": 1, "after": 2}
		}
	}
	b, err := json.Marshal(outputs)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Decode(document(`,"resource_changes":[` + strings.Join(changes, ",") + `],"output_changes":` + string(b)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestASplitIsMadeWhereNothingTakenIsReached draws plans: one is split if and
// only if nothing that it takes away is among what its additions are made
// from, and what Terraform plans of the targets is then what adds.
func TestASplitIsMadeWhereNothingTakenIsReached(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawPlan(t)
		var adding, all []int
		for i := range d.actions {
			all = append(all, i)
			if d.adds(i) {
				adding = append(adding, i)
			}
		}
		whole := d.plan(t, d.closure(all))
		reached := slices.ContainsFunc(slices.Collect(maps.Keys(d.closure(adding))), d.takes)
		split, why := Divide(whole, d.graph(t), plain{})
		if (why != "") != reached {
			t.Fatalf("taken is reached: %v, and the split says %q", reached, why)
		}
		if reached {
			d.followed(t, why)
			return
		}
		var targets []int
		for _, address := range split.Targets {
			var i int
			if _, err := fmt.Sscanf(address, "thing.r%d", &i); err != nil {
				t.Fatal(err)
			}
			targets = append(targets, i)
		}
		part := d.plan(t, d.closure(targets))
		if why := split.Differs(whole, part, plain{}); why != "" {
			t.Fatalf("targets %v: %s", split.Targets, why)
		}
		d.settled(t, split, part)
	})
}

// followed checks that each step of a named chain is one of the configuration.
func (d drawnPlan) followed(t *rapid.T, why string) {
	_, way, _ := strings.Cut(strings.TrimSuffix(why, ")"), "(")
	var at []int
	for _, name := range strings.Split(way, " -> ") {
		var i int
		if _, err := fmt.Sscanf(name, "thing.r%d", &i); err == nil {
			at = append(at, i)
		}
	}
	if len(at) < 2 || !d.adds(at[0]) || !d.takes(at[len(at)-1]) {
		t.Fatalf("the chain %q does not lead from what adds to what takes", way)
	}
	for i := range at[1:] {
		if !slices.Contains(d.needs[at[i]], at[i+1]) {
			t.Fatalf("the chain %q has a step that is not there", way)
		}
	}
}

// settled checks that the outputs that are not told to come later have their
// value in the part, unless they are made from nothing.
func (d drawnPlan) settled(t *rapid.T, s Split, part *Plan) {
	for i, needs := range d.outputs {
		name := fmt.Sprintf("o%d", i)
		taken := slices.ContainsFunc(slices.Collect(maps.Keys(d.closure(needs))), d.takes)
		if later := slices.Contains(s.Later, name); later != taken {
			t.Fatalf("output %s is made from what is taken: %v, told: %v", name, taken, later)
		}
		if !taken && len(needs) > 0 && part.document.OutputChanges[name] == nil {
			t.Fatalf("output %s is not told to come later and is not in the part", name)
		}
	}
}

func TestWhatDiffersInAPartIsNamed(t *testing.T) {
	t.Parallel()
	const created = `{"address":"t.new","type":"t","change":{"actions":["create"],"after":{"name":"NAME"},"after_unknown":{"id":true}}}`
	const deleted = `{"address":"t.old","type":"t","change":{"actions":["delete"],"before":{}}}`
	text := func(parts ...string) string { return `,"resource_changes":[` + strings.Join(parts, ",") + `]` }
	whole := decoded(t, text(created, deleted)+`,"output_changes":{"o":{"actions":["update"],"before":1,"after":2}}`)
	for name, test := range map[string]struct{ part, says string }{
		"as it should be":      {text(created), ""},
		"taken along":          {text(created, deleted), "t.old would now delete"},
		"left out":             {text(), "t.new was approved to create and would now stay"},
		"other values":         {text(strings.Replace(created, "NAME", "other", 1)), "t.new would create with other values"},
		"other output":         {text(created) + `,"output_changes":{"o":{"actions":["update"],"before":1,"after":3}}`, `output "o" would have another value`},
		"output that is still": {text(created) + `,"output_changes":{"o":{"actions":["no-op"],"before":1,"after":1}}`, ""},
	} {
		if why := (Split{}).Differs(whole, decoded(t, test.part), plain{}); why != test.says && (test.says == "" || !strings.Contains(why, test.says)) {
			t.Errorf("%s: %q", name, why)
		}
	}
	if why := (Split{Later: []string{"o"}}).Differs(whole, decoded(t, text(created)+`,"output_changes":{"o":{"actions":["update"],"before":1,"after":3}}`), plain{}); why != "" {
		t.Errorf("an output that comes later: %q", why)
	}
}

func TestAMovedObjectIsInThePartOrNowhere(t *testing.T) {
	t.Parallel()
	p := decoded(t, `,"resource_changes":[
		{"address":"t.b","type":"t","previous_address":"t.a","change":{"actions":["no-op"],"before":{},"after":{}}},
		{"address":"module.m[\"x.y\"].t.c[\"[\"]","type":"t","change":{"actions":["create"],"after":{}}},
		{"address":"t.old","type":"t","change":{"actions":["delete"],"before":{}}}]`)
	g, err := ReadGraph([]byte("digraph {\n}\n"))
	if err != nil {
		t.Fatal(err)
	}
	split, why := Divide(p, g, plain{})
	if want := []string{`module.m["x.y"].t.c["["]`, "t.a", "t.b"}; why != "" || !slices.Equal(split.Targets, want) {
		t.Errorf("targets %q, why %q", split.Targets, why)
	}
	p = decoded(t, `,"resource_changes":[
		{"address":"t.b","type":"t","previous_address":"t.a","change":{"actions":["delete","create"],"before":{},"after":{}}},
		{"address":"t.c","type":"t","change":{"actions":["create"],"after":{}}}]`)
	if _, why := Divide(p, g, plain{}); !strings.Contains(why, "t.b was t.a until now and is to delete and create") {
		t.Errorf("a moved object that is taken: %q", why)
	}
	if got := configured(`module.m["x.y\"]"].data.t.c["["].z[3]`); got != "module.m.data.t.c.z" {
		t.Errorf("configured address %q", got)
	}
}

func FuzzReadGraph(f *testing.F) {
	f.Add([]byte("digraph {\n\t\t\"[root] t.a (expand)\" [label = \"t.a\", shape = \"box\"]\n\t\t\"[root] t.a (expand)\" -> \"[root] provider[\\\"x/y\\\"]\"\n}\n"))
	f.Add([]byte("digraph {\n\t\t\"\\\" -> \"x\"\n\"a\" -> \"\"\n"))
	f.Fuzz(func(t *testing.T, dot []byte) {
		g, err := ReadGraph(dot)
		if err != nil {
			return
		}
		for name := range g.needs {
			if g.path(name, map[string]bool{name: true}) != nil {
				t.Fatalf("where a path begins counts as its end: %q", name)
			}
			_ = g.resourcesOf(name)
		}
	})
}
