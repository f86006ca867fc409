package terraform

import (
	"strings"
	"testing"

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
		"targeted":          {`,"errored":false,"complete":false,"applyable":true`, false},
	} {
		p, err := decodePlan(document(test.parts))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := p.usable(); (err == nil) != test.usable {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, b := range map[string][]byte{
		"another major version": []byte(`{"format_version":"2.0"}`),
		"not JSON":              []byte(`Warning: something`),
		"empty":                 nil,
		"an empty change":       document(`,"resource_changes":[{"address":"t.a"}]`),
		"an empty output":       document(`,"output_changes":{"x":null}`),
	} {
		if _, err := decodePlan(b); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestChangesAreReadFromActionsAlone(t *testing.T) {
	t.Parallel()
	p, err := decodePlan(document(`,"resource_changes":[
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
	for _, c := range public(p.changes(&secrets{})) {
		lines = append(lines, c.Address+" "+strings.Join(c.Actions, ","))
	}
	want := "t.gone forget; t.imported no-op; t.left (deposed ab12) delete; t.moved no-op; t.new create"
	if got := strings.Join(lines, "; "); got != want {
		t.Errorf("changes %s\nwant %s", got, want)
	}
	if drift := public(p.drift(&secrets{})); len(drift) != 1 || drift[0].Kind() != plans.ChangeDelete {
		t.Errorf("drift %+v", drift)
	}
	if p.empty(&secrets{}) {
		t.Error("the plan counts as empty where the engine does not say")
	}
	big := p.changes(&secrets{})[4]
	rounded := big
	rounded.after = map[string]any{"n": 12345678901234567000.0}
	if big.digest(&secrets{}) == rounded.digest(&secrets{}) {
		t.Error("a large number was rounded")
	}
}

func TestOutputsShowOnlyWhatIsKnownAndPlain(t *testing.T) {
	t.Parallel()
	p, err := decodePlan(document(`,"output_changes":{
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
	var known secrets
	known.addTexts([]string{"hunter2"})
	got, hidden := p.outputs(&known)
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

func TestSecretsAreFoundInEveryForm(t *testing.T) {
	t.Parallel()
	var s secrets
	s.add([]byte(`{"key":"-----BEGIN-----\nline one\nline two","port":54321,"short":"on","quoted":"a\"b\"c"}`))
	for text, want := range map[string]string{
		"found line two here":     "found *** here",
		"port 54321":              "port ***",
		"it is on":                "it is on",
		`json {"x":"a\"b\"c"}`:    `json {"x":"***"}`,
		"-----BEGIN-----\nline x": "***\nline x",
	} {
		if got := s.scrub(text); got != want {
			t.Errorf("scrub(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzDecodePlan(f *testing.F) {
	f.Add(document(`,"resource_changes":[{"address":"t.a","change":{"actions":["create"],"after":{"n":[1]},"after_unknown":{"n":[true]},"after_sensitive":{"n":true}}}]`))
	f.Add(document(`,"output_changes":{"x":{"actions":[],"after_unknown":[true]}}`))
	f.Add([]byte(`{"format_version":"1.0","resource_changes":[null],"output_changes":{"x":null}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodePlan(b)
		if err != nil {
			return
		}
		changes := p.changes(&secrets{})
		if why := within(changes, changes, &secrets{}); why != "" && distinct(changes) {
			t.Errorf("a plan is not covered by itself: %s", why)
		}
		p.outputs(&secrets{})
		p.empty(&secrets{})
	})
}

func distinct(changes []planned) bool {
	seen := map[string]bool{}
	for _, c := range changes {
		if seen[c.Address] {
			return false
		}
		seen[c.Address] = true
	}
	return true
}

func FuzzReadState(f *testing.F) {
	f.Add([]byte(`{"version":4,"serial":3,"lineage":"x","resources":[{"mode":"managed","type":"t","name":"n","module":"module.m","instances":[{"index_key":1,"deposed":"d","attributes":{}},{"index_key":"k"}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := readState(b)
		if err != nil {
			return
		}
		if !sameContent(s, s) {
			t.Error("a state differs from itself")
		}
		s.mark()
	})
}
