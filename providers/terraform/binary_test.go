package terraform_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// fakeBinary stands in for a program of another version; it answers
// "version" and nothing else.
func fakeBinary(t *testing.T, dir, name, answer string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho '"+answer+"'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindBinary(t *testing.T) {
	for name, test := range map[string]struct {
		onPath   map[string]string // answers by name
		named    string
		tofu     string // by LOCKSTEP_TOFU
		required string
		wantTofu string // required of tofu
		want     string // part of the reason, or of the error
		fails    bool
	}{
		"terraform first":   {onPath: map[string]string{"terraform": "Terraform v1.9.0", "tofu": "OpenTofu v1.8.0"}, want: "terraform 1.9.0, terraform found on PATH"},
		"tofu alone":        {onPath: map[string]string{"tofu": "OpenTofu v1.12.6"}, want: "tofu 1.12.6, tofu found on PATH"},
		"named":             {onPath: map[string]string{"terraform": "Terraform v1.9.0", "tofu": "OpenTofu v1.8.0"}, named: "tofu", want: "named by LOCKSTEP_TERRAFORM"},
		"a development one": {onPath: map[string]string{"tofu": "OpenTofu v1.12.6-dev"}, wantTofu: ">= 1.12.6", want: "1.12.6-dev"},
		"none":              {want: "install Terraform", fails: true},
		"terraform is wanted and tofu is named": {
			onPath: map[string]string{"tofu": "OpenTofu v1.8.0"}, named: "tofu", required: ">= 1.5",
			want: "(named by LOCKSTEP_TERRAFORM) is tofu", fails: true,
		},
		"tofu is wanted": {
			onPath: map[string]string{"terraform": "Terraform v1.9.0", "tofu": "OpenTofu v1.8.0"}, wantTofu: ">= 1.6",
			want: "tofu 1.8.0, tofu found on PATH",
		},
		"tofu is wanted and called terraform": {
			onPath: map[string]string{"terraform": "OpenTofu v1.8.0"}, wantTofu: ">= 1.6", want: "tofu 1.8.0, terraform found on PATH",
		},
		"tofu is wanted and terraform is named": {
			onPath: map[string]string{"terraform": "Terraform v1.9.0", "tofu": "OpenTofu v1.8.0"}, named: "terraform", wantTofu: ">= 1.6",
			want: "tofu 1.8.0, tofu found on PATH",
		},
		"tofu is named": {
			onPath: map[string]string{"terraform": "Terraform v1.9.0", "tofu": "OpenTofu v1.8.0"}, tofu: "tofu",
			want: "tofu 1.8.0, named by LOCKSTEP_TOFU",
		},
		"both are wanted": {
			onPath:   map[string]string{"terraform": "Terraform v1.9.0", "tofu": "OpenTofu v1.8.0"},
			required: ">= 1.5", wantTofu: ">= 1.6", want: "terraform 1.9.0",
		},
		"both are wanted, one is there": {
			onPath: map[string]string{"tofu": "OpenTofu v1.8.0"}, required: ">= 1.5", wantTofu: ">= 1.6", want: "tofu 1.8.0",
		},
		"tofu is wanted and not there": {
			onPath: map[string]string{"terraform": "Terraform v1.9.0"}, wantTofu: ">= 1.6", want: "install OpenTofu", fails: true,
		},
		"tofu is wanted and too old": {
			onPath: map[string]string{"tofu": "OpenTofu v1.5.9"}, wantTofu: ">= 1.6", want: "name it in LOCKSTEP_TOFU", fails: true,
		},
		"terraform is broken, tofu is there": {
			onPath: map[string]string{"terraform": "hello", "tofu": "OpenTofu v1.8.0"}, want: "tofu 1.8.0",
		},
		"named, missing": {onPath: map[string]string{"terraform": "Terraform v1.9.0"}, named: "nowhere", want: "LOCKSTEP_TERRAFORM=nowhere", fails: true},
		"too old":        {onPath: map[string]string{"terraform": "Terraform v1.3.9"}, required: ">= 1.5", want: "requires >= 1.5", fails: true},
		"no constraint":  {onPath: map[string]string{"terraform": "Terraform v1.9.0"}, required: "new", want: "not a version constraint", fails: true},
		"something else": {onPath: map[string]string{"terraform": "hello"}, want: "does not answer", fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for program, answer := range test.onPath {
				fakeBinary(t, dir, program, answer)
			}
			t.Setenv("PATH", dir)
			t.Setenv(terraform.BinaryVariable, test.named)
			t.Setenv(terraform.TofuVariable, test.tofu)
			path, why, err := terraform.FindBinary(map[string]string{"terraform": test.required, "tofu": test.wantTofu})
			if (err != nil) != test.fails {
				t.Fatalf("FindBinary: %q, %q, %v", path, why, err)
			}
			if err != nil {
				why = err.Error()
				if path != "" {
					t.Errorf("an error and the path %s", path)
				}
			} else if filepath.Dir(path) != dir {
				t.Errorf("found %s", path)
			}
			if !strings.Contains(why, test.want) {
				t.Errorf("%q does not hold %q", why, test.want)
			}
		})
	}
	t.Setenv("PATH", t.TempDir())
	t.Setenv(terraform.BinaryVariable, "")
	t.Setenv(terraform.TofuVariable, "")
	if _, _, err := terraform.FindBinary(nil); !errors.Is(err, terraform.ErrNoBinary) {
		t.Errorf("FindBinary: %v", err)
	}
}
