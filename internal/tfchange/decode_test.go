package tfchange

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/plans"
)

// document is a saved plan's JSON as Terraform 1.11 and OpenTofu 1.12 write
// it, with the parts that a test names.
func document(parts string) []byte {
	return []byte(`{"format_version":"1.2","terraform_version":"1.11.4"` + parts + `}`)
}

func TestUnusablePlansAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		parts  string
		usable bool
	}{
		"terraform":         {`,"errored":false,"complete":true,"applyable":true`, true},
		"tofu, no complete": {`,"errored":false`, true},
		"errored":           {`,"errored":true,"complete":false,"applyable":false`, false},
		"deferred":          {`,"errored":false,"complete":false,"applyable":true,"deferred_changes":[{"reason":"resource_config_unknown","resource_change":{"address":"t.a"}}]`, false},
		"deferred, no word": {`,"deferred_changes":[null]`, false},
		"targeted":          {`,"errored":false,"complete":false,"applyable":true`, false},
	} {
		p, err := Decode(document(test.parts))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := p.Usable(); (err == nil) != test.usable {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, b := range map[string][]byte{
		"no major version":      []byte(`{"format_version":"0.2"}`),
		"no version":            []byte(`{}`),
		"another major version": []byte(`{"format_version":"2.0"}`),
		"not JSON":              []byte(`Warning: something`),
		"empty":                 nil,
		"an empty change":       document(`,"resource_changes":[{"address":"t.a"}]`),
		"an empty output":       document(`,"output_changes":{"x":null}`),
	} {
		if _, err := Decode(b); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestChangesAreReadFromActionsAlone(t *testing.T) {
	t.Parallel()
	p, err := Decode(document(`,"resource_changes":[
		{"address":"t.read","type":"t","mode":"data","change":{"actions":["read"]}},
		{"address":"t.same","type":"t","change":{"actions":["no-op"]}},
		{"address":"t.moved","previous_address":"t.old","type":"t","change":{"actions":["no-op"]}},
		{"address":"t.imported","type":"t","change":{"actions":["no-op"],"importing":{"id":"i-1"}}},
		{"address":"t.gone","type":"t","change":{"actions":["forget"]},"action_reason":"delete_because_no_resource_config"},
		{"address":"t.left","type":"t","deposed":"ab12","change":{"actions":["delete"]}},
		{"address":"t.new","type":"t","change":{"actions":["create"],"after":{"n":12345678901234567890},"after_unknown":{"id":true}}}
	],"resource_drift":[{"address":"t.new","type":"t","change":{"actions":["delete"]}}]`))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range Public(p.Changes(plain{})) {
		lines = append(lines, c.Object()+" "+strings.Join(c.Actions, ","))
	}
	want := "t.gone forget; t.imported no-op; t.left (deposed ab12) delete; t.moved no-op; t.new create"
	if got := strings.Join(lines, "; "); got != want {
		t.Errorf("changes %s\nwant %s", got, want)
	}
	if drift := Public(p.Drift(plain{})); len(drift) != 1 || drift[0].Kind() != plans.ChangeDelete {
		t.Errorf("drift %+v", drift)
	}
	if p.Empty() {
		t.Error("the plan counts as empty where the engine does not say")
	}
	big := p.Changes(plain{})[4]
	rounded := big
	rounded.after = map[string]any{"n": 12345678901234567000.0}
	if big.digest(plain{}) == rounded.digest(plain{}) {
		t.Error("a large number was rounded")
	}
}

func TestOutputsShowOnlyWhatIsKnownAndPlain(t *testing.T) {
	t.Parallel()
	p, err := Decode(document(`,"output_changes":{
		"known":{"actions":["create"],"after":{"a":[1,"x"]},"after_unknown":false,"after_sensitive":false},
		"later":{"actions":["create"],"after_unknown":true,"after_sensitive":false},
		"half":{"actions":["create"],"after":{"a":1},"after_unknown":{"b":true},"after_sensitive":{}},
		"secret":{"actions":["create"],"after":"s","after_unknown":false,"after_sensitive":true},
		"leaking":{"actions":["create"],"after":"x-hunter2-x","after_unknown":false,"after_sensitive":false},
		"removed":{"actions":["delete"],"before":"x"}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]plans.Output{
		"known":   {Known: true, Value: []byte(`{"a":[1,"x"]}`)},
		"later":   {},
		"half":    {},
		"secret":  {Known: true, Sensitive: true},
		"leaking": {Known: true, Sensitive: true},
	}
	var known redact.Values
	known.Learn("hunter2")
	got, hidden := p.Outputs(&known)
	if len(hidden) != 2 || string(hidden["secret"]) != `"s"` {
		t.Errorf("hidden values %v", hidden)
	}
	if len(got) != len(want) {
		t.Errorf("outputs %+v", got)
	}
	for _, o := range got {
		w := want[o.Name]
		if o.Known != w.Known || o.Sensitive != w.Sensitive || string(o.Value) != string(w.Value) {
			t.Errorf("output %+v (%s), want %+v (%s)", o, o.Value, w, w.Value)
		}
	}
}

func FuzzDecodePlan(f *testing.F) {
	f.Add(document(`,"resource_changes":[{"address":"t.a","change":{"actions":["create"],"after":{"n":[1]},"after_unknown":{"n":[true]},"after_sensitive":{"n":true}}}]`))
	f.Add(document(`,"output_changes":{"x":{"actions":[],"after_unknown":[true]}}`))
	f.Add([]byte(`{"format_version":"1.0","resource_changes":[null],"output_changes":{"x":null}}`))
	f.Add(document(`,"resource_changes":[{"address":"t.a","type":"aws_security_group","change":{"actions":["update"],"before":{"ingress":[{"a":["x"]}]},"after":{"ingress":[null]},"after_unknown":{"ingress":[{"a":[true]}]},"before_sensitive":{"ingress":[true]},"replace_paths":[["ingress",0,"a",99999999999,true]]}}]`))
	f.Add(document(`,"checks":[{"status":"fail","instances":[{"status":"error"}]}],"deferred_changes":[{"reason":"x"}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decode(b)
		if err != nil {
			return
		}
		changes := p.Changes(plain{})
		if why := Within(changes, changes, plain{}); why != "" && distinct(changes) {
			t.Errorf("a plan is not covered by itself: %s", why)
		}
		p.Outputs(plain{})
		p.Empty()
		p.Drift(plain{})
		p.Checks(plain{})
		_ = p.Usable()
	})
}

func distinct(changes []Change) bool {
	seen := map[string]bool{}
	for _, c := range changes {
		if seen[c.Object()] {
			return false
		}
		seen[c.Object()] = true
	}
	return true
}
