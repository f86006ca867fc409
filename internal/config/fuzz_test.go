package config_test

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/lockstep-dev/lockstep/internal/config"
)

func FuzzLoad(f *testing.F) {
	f.Add(nativeForm, false)
	f.Add(jsonForm, true)
	f.Add("change_set \"c\" {\n  owner = \"${", false)
	f.Add("locals {\n  a = [for x in {} : x...]\n}", false)
	f.Add("locals {\n  a = templatefile(\"a.lockstep.hcl\", {})\n}\nchange_set \"c\" {}", false)
	f.Fuzz(func(t *testing.T, src string, json bool) {
		name := "a.lockstep.hcl"
		if json {
			name = "a.lockstep.json"
		}
		fsys := fstest.MapFS{name: &fstest.MapFile{Data: []byte(src)}}
		p, ds := config.Load(fsys)
		again := p.Validate()
		if ds.HasErrors() && !again.HasErrors() {
			t.Errorf("Load finds errors that Validate does not: %v", ds)
		}
		p.Settings()
		p.Environments()
		p.Databases()
		for _, head := range p.ChangeSets() {
			evaluated, _ := p.Evaluate(config.EvaluateRequest{ChangeSet: head.Name})
			for _, b := range append(evaluated.Databases, evaluated.Blocks...) {
				b.Settings.Masked()
				b.Settings.Secrets()
				if _, err := b.Settings.Reveal(); (err == nil) != b.Settings.Known() {
					t.Errorf("%s: known %v, Reveal: %v", b.Address, b.Settings.Known(), err)
				}
				for _, assert := range b.Asserts {
					assert.Eval(map[string]any{"status_code": 200})
				}
			}
		}
		rendered(again, fsys)
	})
}

func FuzzVarFile(f *testing.F) {
	f.Add("a = 1\n")
	f.Add("a = {x = [1, \"two\", null]}\nb = \"x\"")
	f.Add("a = [for x in [1] : x]")
	f.Fuzz(func(t *testing.T, src string) {
		p, _ := config.Load(fstest.MapFS{
			"a.lockstep.hcl":          &fstest.MapFile{Data: []byte("variable \"a\" {}\nenvironment \"e\" {}\n")},
			"a.auto.lockstepvars.hcl": &fstest.MapFile{Data: []byte(src)},
		})
		values, ds := p.Values("e", config.ValueInputs{})
		if ds.HasErrors() {
			return
		}
		restored, ds := p.RestoreValues("e", values.Record(), config.ValueInputs{})
		if ds.HasErrors() || len(restored.Record()) != len(values.Record()) {
			t.Errorf("not restored: %v", ds)
		}
	})
}

func FuzzDuration(f *testing.F) {
	for _, s := range []string{"5s", "7d", "1h30m", "-1s", "5", "", "1e9s", "9999999999999999999w", "1y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := config.ParseDuration(s)
		if err != nil {
			return
		}
		if d < 0 || d > 365*24*time.Hour {
			t.Errorf("%q = %s", s, d)
		}
		if again, err := time.ParseDuration(d.String()); err != nil || again != d {
			t.Errorf("%q does not survive its normal form %s", s, d)
		}
	})
}

func FuzzFormat(f *testing.F) {
	f.Add(nativeForm)
	f.Add("a=[1,\n2]\nb   = <<EOT\n x\nEOT\n")
	f.Fuzz(func(t *testing.T, src string) {
		once := config.Format([]byte(src))
		if twice := config.Format(once); string(twice) != string(once) {
			t.Errorf("not stable:\n%q\n%q", once, twice)
		}
	})
}
