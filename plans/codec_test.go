package plans_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/plans"
)

func sample() *plans.Plan {
	return &plans.Plan{
		FormatVersion: plans.FormatVersion,
		Tool:          "lockstep 0.1.0",
		ChangeSet:     "order_status",
		Environment:   "production",
		Content:       plans.DigestOf([]byte("content")),
		Upstream:      []plans.Upstream{{Environment: "staging", SoakTime: plans.Duration(90 * time.Minute)}},
		Policy:        plans.Policy{OnFailure: "auto", KeepSchema: true},
		Variables:     []plans.Variable{{Name: "size", Value: json.RawMessage(`"large"`), Source: "default"}},
		Observations: []plans.Observation{{
			Address: "terraform.cache", Provider: "terraform",
			Terraform: &plans.TerraformState{
				Engine: "terraform", Plan: plans.DigestOf([]byte("saved plan")),
				Source: []plans.Input{{Role: "terraform-source", Path: "infra/main.tf", Digest: plans.DigestOf([]byte("hcl"))}},
			},
		}},
		Steps: []plans.Step{{
			Address: `migration.orders["0007_<add>"]`, Phase: plans.Contract, Action: plans.ActionMigrate,
			Inputs:   []plans.Input{{Role: "up", Path: "m/7.up.sql", Digest: plans.DigestOf([]byte("up"))}},
			Rollback: plans.Rollback{Grade: plans.GradeStructural},
		}},
	}
}

func TestEncodeIsCanonicalAndReadable(t *testing.T) {
	t.Parallel()
	encoded, err := plans.Encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := plans.Decode(encoded)
	if err != nil {
		t.Fatal(err)
	}
	again, err := plans.Encode(decoded)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(encoded, again) {
		t.Errorf("a decoded plan encodes to other bytes:\n%s\n%s", encoded, again)
	}
	for _, want := range []string{`"soak_time": "1h30m0s"`, `migration.orders[\"0007_<add>\"]`, "\n"} {
		if !bytes.Contains(encoded, []byte(want)) {
			t.Errorf("the document lacks %s:\n%s", want, encoded)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	good, err := plans.Encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		document string
		want     string
	}{
		"not JSON":         {"plan", "decode plan"},
		"another version":  {strings.Replace(string(good), `"1.0"`, `"2.0"`, 1), "not supported"},
		"no version":       {`{}`, "not supported"},
		"an unknown field": {strings.Replace(string(good), `"tool"`, `"tol"`, 1), "tol"},
		"a second one":     {string(good) + "{}", "after top-level value"},
		"a bad duration":   {strings.Replace(string(good), "1h30m0s", "soon", 1), "soon"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := plans.Decode([]byte(test.document)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, expected %q in it", err, test.want)
			}
		})
	}
	if _, err := plans.Decode([]byte(`{"format_version":"7.0"}`)); !errors.Is(err, plans.ErrFormat) {
		t.Errorf("error %v does not wrap ErrFormat", err)
	}
}

// The digest is what is approved: whatever changes in the document changes it.
func TestDigestCoversEveryField(t *testing.T) {
	t.Parallel()
	base, err := plans.DigestOfPlan(sample())
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := plans.DigestOfPlan(sample()); again != base {
		t.Fatal("equal plans have different digests")
	}
	for name, change := range map[string]func(*plans.Plan){
		"environment":  func(p *plans.Plan) { p.Environment = "dev" },
		"content":      func(p *plans.Plan) { p.Content = plans.DigestOf(nil) },
		"soak":         func(p *plans.Plan) { p.Upstream[0].SoakTime++ },
		"policy":       func(p *plans.Plan) { p.Policy.KeepSchema = false },
		"variable":     func(p *plans.Plan) { p.Variables[0].Value = json.RawMessage(`"small"`) },
		"saved plan":   func(p *plans.Plan) { p.Observations[0].Terraform.Plan = plans.DigestOf(nil) },
		"step's input": func(p *plans.Plan) { p.Steps[0].Inputs[0].Digest = plans.DigestOf(nil) },
		"rollback":     func(p *plans.Plan) { p.Steps[0].Rollback.Grade = plans.GradeNone },
		"order":        func(p *plans.Plan) { p.Steps = append([]plans.Step{{Address: "x"}}, p.Steps...) },
	} {
		p := sample()
		change(p)
		if changed, _ := plans.DigestOfPlan(p); changed == base {
			t.Errorf("%s changed and the digest did not", name)
		}
	}
}

func TestInputDigestsNameWhatABundleHolds(t *testing.T) {
	t.Parallel()
	got := sample().InputDigests()
	if len(got) != 3 {
		t.Fatalf("%d inputs, expected the migration, the saved plan and its source: %v", len(got), got)
	}
	for i := 1; i < len(got); i++ {
		if got[i-1] >= got[i] {
			t.Errorf("not ascending: %v", got)
		}
	}
}

func TestNoReturn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		step             plans.Step
		oneWay, noReturn bool
	}{
		"expand with a way back": {plans.Step{Phase: plans.Expand, Action: plans.ActionMigrate, Rollback: plans.Rollback{Grade: plans.GradeStructural}}, false, false},
		"expand, kept":           {plans.Step{Phase: plans.Expand, Action: plans.ActionMigrate, Rollback: plans.Rollback{Grade: plans.GradeNone, Kept: true}}, false, false},
		"expand, one way":        {plans.Step{Phase: plans.Expand, Action: plans.ActionTerraform, Rollback: plans.Rollback{Grade: plans.GradeNone}}, true, true},
		"contract with a down":   {plans.Step{Phase: plans.Contract, Action: plans.ActionMigrate, Rollback: plans.Rollback{Grade: plans.GradeStructural}}, false, true},
		"a check in contract":    {plans.Step{Phase: plans.Contract, Action: plans.ActionCheck, Rollback: plans.Rollback{Grade: plans.GradeExact}}, false, false},
	} {
		if test.step.OneWay() != test.oneWay || test.step.NoReturn() != test.noReturn {
			t.Errorf("%s: OneWay %v, NoReturn %v", name, test.step.OneWay(), test.step.NoReturn())
		}
	}
}

func TestFileID(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ up, down, want string }{
		{"db/0007_add_status.up.sql", "", "0007_add_status"},
		{"", "0007_add_status.down.sql", "0007_add_status"},
		{"a.b/1_x.y.up.sql", "", "1_x.y"},
		{"", "", ""},
	} {
		file := plans.MigrationFile{Up: plans.SQLFile{Path: test.up}, Down: plans.SQLFile{Path: test.down}}
		if got := file.ID(); got != test.want {
			t.Errorf("%q, %q: %q, expected %q", test.up, test.down, got, test.want)
		}
	}
}

func TestPhasesAreInTheSafeOrder(t *testing.T) {
	t.Parallel()
	all := plans.Phases()
	for i := 1; i < len(all); i++ {
		if !all[i-1].Before(all[i]) || all[i].Before(all[i-1]) {
			t.Errorf("%s does not come before %s", all[i-1], all[i])
		}
	}
	if plans.Phase("later").Index() != -1 {
		t.Error("an unknown phase has a place")
	}
}

func TestDigest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOf(rapid.Byte()).Draw(t, "content")
		d := plans.DigestOf(content)
		if !d.Valid() || len(d.Hex()) != 64 || !strings.HasPrefix(d.Hex(), d.Short()) || len(d.Short()) != 12 {
			t.Fatalf("digest %q", d)
		}
		bent := plans.Digest(strings.ToUpper(string(d)))
		if bent.Valid() || plans.Digest(d.Hex()).Valid() || d[:len(d)-1].Valid() {
			t.Fatal("a malformed digest is valid")
		}
	})
}

func FuzzDecode(f *testing.F) {
	good, err := plans.Encode(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"format_version":"1.0","steps":null}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		p, err := plans.Decode(document)
		if err != nil {
			return
		}
		first, err := plans.Encode(p)
		if err != nil {
			t.Skip() // raw JSON inside may be something that Decode took and Encode refuses
		}
		again, err := plans.Decode(first)
		if err != nil {
			t.Fatalf("its own encoding is refused: %v", err)
		}
		second, err := plans.Encode(again)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("not stable: %v\n%s\n%s", err, first, second)
		}
	})
}
