package tfchange

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/plans"
)

func decoded(t *testing.T, parts string) *Plan {
	t.Helper()
	p, err := Decode(document(parts))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// only returns the one change of a resource.
func only(t *testing.T, kind, change string) Change {
	t.Helper()
	p := decoded(t, `,"resource_changes":[{"address":"`+kind+`.a","type":"`+kind+`","change":`+change+`}]`)
	changes := p.Changes(plain{})
	if len(changes) != 1 {
		t.Fatalf("changes %+v", changes)
	}
	return changes[0]
}

func TestTwoDeposedObjectsOfOneAddressAreToldApart(t *testing.T) {
	t.Parallel()
	const text = `,"resource_changes":[
		{"address":"t.a","type":"t","deposed":"KEY","change":{"actions":["delete"],"before":{"id":"1"}}},
		{"address":"t.a","type":"t","deposed":"aaaa1111","change":{"actions":["delete"],"before":{"id":"2"}}}]`
	approved := decoded(t, strings.Replace(text, "KEY", "bbbb2222", 1)).Changes(plain{})
	fresh := decoded(t, strings.Replace(text, "KEY", "cccc3333", 1)).Changes(plain{})
	if approved[0].Address != "t.a" || approved[0].Deposed != "aaaa1111" || approved[1].Object() != "t.a (deposed bbbb2222)" {
		t.Errorf("changes %+v", approved)
	}
	if why := Equal(approved, approved, plain{}); why != "" {
		t.Error(why)
	}
	if why := Within(approved, fresh, plain{}); !strings.Contains(why, "t.a (deposed cccc3333) would now delete, which was not approved") {
		t.Errorf("another deposed object is covered: %q", why)
	}
}

func TestAnImportOfAnotherObjectIsNotCovered(t *testing.T) {
	t.Parallel()
	imports := func(id string) []Change {
		return decoded(t, `,"resource_changes":[{"address":"t.a","type":"t","change":{"actions":["no-op"],"importing":{"id":"`+id+`"}}}]`).Changes(plain{})
	}
	moved := decoded(t, `,"resource_changes":[{"address":"t.a","previous_address":"t.b","type":"t","change":{"actions":["no-op"]}}]`).Changes(plain{})
	if why := Within(imports("i-1"), imports("i-1"), plain{}); why != "" {
		t.Error(why)
	}
	if why := Within(imports("i-1"), imports("i-2"), plain{}); !strings.Contains(why, "import another object") {
		t.Errorf("i-2 for i-1: %q", why)
	}
	if why := Within(moved, imports("i-1"), plain{}); !strings.Contains(why, "import an object") {
		t.Errorf("an import for a move: %q", why)
	}
	if why := Within(imports("i-1"), moved, plain{}); !strings.Contains(why, "moved from t.b") {
		t.Errorf("a move for an import: %q", why)
	}
	var known redact.Values
	known.Learn("i-secret")
	c := decoded(t, `,"resource_changes":[{"address":"t.a","type":"t","change":{"actions":["no-op"],"importing":{"id":"i-secret"}}}]`).Changes(&known)[0]
	if !c.Importing || c.ImportID != "" {
		t.Errorf("a secret id is told: %+v", c.ResourceChange)
	}
}

func TestACreateThatDriftExplainsRepairs(t *testing.T) {
	t.Parallel()
	changes := decoded(t, `,"resource_changes":[
		{"address":"t.gone","type":"t","change":{"actions":["create"]}},
		{"address":"t.edited","type":"t","change":{"actions":["update"]}},
		{"address":"t.left","type":"t","change":{"actions":["create"]}},
		{"address":"t.new","type":"t","change":{"actions":["create"]}}
	],"resource_drift":[
		{"address":"t.edited","type":"t","change":{"actions":["update"]}},
		{"address":"t.left","type":"t","deposed":"ab12","change":{"actions":["delete"]}},
		{"address":"t.gone","type":"t","change":{"actions":["delete"]}}]`).Changes(plain{})
	for _, c := range changes {
		if c.Repairs != (c.Address == "t.gone") {
			t.Errorf("%s repairs: %v", c.Address, c.Repairs)
		}
	}
}

func TestChecksThatDidNotPassAreTold(t *testing.T) {
	t.Parallel()
	var known redact.Values
	known.Learn("hunter2")
	got := decoded(t, `,"checks":[
		{"address":{"kind":"check","to_display":"check.z"},"status":"fail","instances":[{"address":{"to_display":"check.z"},"status":"fail","problems":[{"message":"got hunter2"}]}]},
		{"address":{"kind":"resource","to_display":"t.a"},"status":"unknown","instances":[{"address":{"to_display":"t.a[0]"},"status":"pass"},{"address":{"to_display":"t.a[1]"},"status":"unknown"}]},
		{"address":{"kind":"check","to_display":"check.e"},"status":"error"},
		{"address":{"kind":"check","to_display":"check.ok"},"status":"pass","instances":[{"address":{"to_display":"check.ok"},"status":"pass"}]}]`).Checks(&known)
	var lines []string
	for _, c := range got {
		lines = append(lines, strings.TrimSpace(c.Address+" "+c.Status+" "+strings.Join(c.Messages, "; ")))
	}
	if want := []string{"check.e error", "check.z fail got ***", "t.a[1] unknown"}; !slices.Equal(lines, want) {
		t.Errorf("checks %q, want %q", lines, want)
	}
}

func TestAttributesAreNamesOfWhatChanges(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change string
		want   []string
	}{
		"an update": {
			`{"actions":["update"],"before":{"a":1,"b":"x","same":[1],"tags":{"k.1":"v","gone":"v"}},"after":{"a":2,"same":[1],"tags":{"k.1":"w"}},"after_unknown":{"b":true}}`,
			[]string{"a", "b", "tags.gone", `tags["k.1"]`},
		},
		"blocks": {
			`{"actions":["update"],"before":{"rule":[{"p":1,"q":1},{"p":2}],"list":["a","b"]},"after":{"rule":[{"p":1,"q":2},{"p":2}],"list":["a","c"]},"after_unknown":{}}`,
			[]string{"list", "rule[0].q"},
		},
		"a block less": {`{"actions":["update"],"before":{"rule":[{"p":1},{"p":2}]},"after":{"rule":[{"p":1}]},"after_unknown":{}}`, []string{"rule"}},
		"a replacement": {
			`{"actions":["delete","create"],"before":{"id":"1","name":"x","net":[{"ip":"1"}]},"after":{"name":"y","net":[{"ip":"2"}]},"after_unknown":{"id":true},"replace_paths":[["name"],["net",0,"ip"]]}`,
			[]string{"name", "net[0].ip"},
		},
		"forced by what is unknown": {`{"actions":["delete","create"],"before":{"id":"1","name":"x"},"after":{},"after_unknown":{"id":true,"name":true},"replace_paths":[["name"]]}`, []string{"name"}},
		"nothing inside of a secret": {
			`{"actions":["delete","create"],"before":{"s":{"inner-key":"1"},"p":"a"},"after":{"s":{"inner-key":"2"},"p":"b"},"after_unknown":{},"before_sensitive":{"s":true},"after_sensitive":{"p":true},"replace_paths":[["s","inner-key"]]}`,
			[]string{"p", "s"},
		},
		"a key that is a secret": {`{"actions":["update"],"before":{"m":{"hunter2":"1"},"n":1},"after":{"m":{"hunter2":"2"},"n":2},"after_unknown":{}}`, []string{"n"}},
		"a create":               {`{"actions":["create"],"before":null,"after":{"a":1},"after_unknown":{"id":true}}`, nil},
		"a delete":               {`{"actions":["delete"],"before":{"a":1},"after":null,"after_unknown":{}}`, nil},
	} {
		var known redact.Values
		known.Learn("hunter2")
		p := decoded(t, `,"resource_changes":[{"address":"t.a","type":"t","change":`+test.change+`}]`)
		if got := p.Changes(&known)[0].Attributes; !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestStatefulTypesSayWhatIsLost(t *testing.T) {
	t.Parallel()
	const gone = `{"actions":["delete"],"before":VALUES,"after":null,"after_unknown":{}}`
	for kind, test := range map[string]struct{ values, want string }{
		"trial_database":     {`{}`, "the database and what is in it"},
		"trial_network_rule": {`{}`, ""},
		"trial_object":       {`{}`, ""},
		"aws_s3_bucket":      {`{}`, "the objects that are stored in it"},
		"helm_release":       {`{"chart":"oci://registry/bitnami/postgresql-ha"}`, "a database or a store that the chart runs"},
	} {
		if c := only(t, kind, strings.Replace(gone, "VALUES", test.values, 1)); c.Stateful != test.want {
			t.Errorf("%s: %q, want %q", kind, c.Stateful, test.want)
		}
	}
	for _, values := range []string{`{"chart":"nginx"}`, `{"chart":7}`, `null`, `{}`} {
		if c := only(t, "helm_release", strings.Replace(gone, "VALUES", values, 1)); c.Stateful != "" {
			t.Errorf("a release of %s counts as stateful: %s", values, c.Stateful)
		}
	}
	claim := strings.Replace(gone, "VALUES", `{"manifest":{"kind":"PersistentVolumeClaim"}}`, 1)
	if only(t, "kubernetes_manifest", claim).Stateful == "" {
		t.Error("a claim's manifest does not count as stateful")
	}
}

func TestAChangeThatOnlyWeakensTakes(t *testing.T) {
	t.Parallel()
	c := only(t, "trial_database", `{"actions":["update"],"before":{"deletion_protection":true},"after":{"deletion_protection":false},"after_unknown":{}}`)
	if !c.Takes() || c.Kind() != plans.ChangeUpdate {
		t.Errorf("%+v", c.ResourceChange)
	}
	replaced := only(t, "trial_database", `{"actions":["delete","create"],"before":{"deletion_protection":true},"after":{"deletion_protection":false},"after_unknown":{}}`)
	if len(replaced.Weakens) > 0 {
		t.Error("what goes away is told to be weakened")
	}
}

func TestAMoveIsNoDrift(t *testing.T) {
	t.Parallel()
	p := decoded(t, `,"resource_drift":[
		{"address":"t.b","type":"t","previous_address":"t.a","change":{"actions":["no-op"],"before":{},"after":{}}},
		{"address":"t.d","type":"t","previous_address":"t.c","change":{"actions":["update"],"before":{"x":1},"after":{"x":2}}}]`)
	if drift := p.Drift(plain{}); len(drift) != 1 || drift[0].Address != "t.d" {
		t.Errorf("drift %+v", drift)
	}
}
