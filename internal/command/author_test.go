package command

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const untidy = "environment \"dev\" {\n  soak_time=\"1h\"\n}\n"

// author runs one command line in a folder that has one file.
func author(t *testing.T, src string, args ...string) (code int, stdout, stderr, file string) {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "a.lockstep.hcl")
	if err := os.WriteFile(name, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	var out, problems bytes.Buffer
	code = Main(args, Host{Stdin: os.Stdin, Stdout: &out, Stderr: &problems, Environ: []string{"LOCKSTEP_VAR_n=x"}})
	after, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return code, out.String(), problems.String(), string(after)
}

func TestFmt(t *testing.T) {
	code, out, problems, file := author(t, untidy, "fmt")
	if code != 0 || out != "a.lockstep.hcl\n" || problems != "" || !strings.Contains(file, "  soak_time = \"1h\"\n") {
		t.Errorf("fmt: %d %q %q\n%s", code, out, problems, file)
	}
	code, out, problems, after := author(t, file, "fmt", "--check")
	if code != 0 || out != "" || problems != "" || after != file {
		t.Errorf("fmt --check of a tidy file: %d %q %q", code, out, problems)
	}
	code, out, problems, after = author(t, untidy, "fmt", "--check", "--diff")
	if code != 1 || after != untidy || !strings.Contains(problems, "1 of 1 files are not in the canonical style") ||
		!strings.Contains(out, "-  soak_time=\"1h\"\n+  soak_time = \"1h\"\n") {
		t.Errorf("fmt --check --diff: %d %q %q", code, out, problems)
	}
	code, _, problems, after = author(t, "environment \"dev\" {\n", "fmt")
	if code != 1 || after != "environment \"dev\" {\n" || !strings.Contains(problems, "a.lockstep.hcl:1:") {
		t.Errorf("fmt of a broken file: %d %q", code, problems)
	}
	if code, _, problems, _ = author(t, untidy, "fmt", "nowhere"); code != 1 || !strings.Contains(problems, "nowhere") {
		t.Errorf("fmt of a missing path: %d %q", code, problems)
	}
}

func TestValidate(t *testing.T) {
	code, out, problems, _ := author(t, untidy, "validate")
	if code != 0 || out != "Valid: 0 change sets, 1 environment, 0 databases.\n" || problems != "" {
		t.Errorf("validate: %d %q %q", code, out, problems)
	}
	const wrong = "environment \"dev\" {\n  soak_tim = \"1h\"\n}\n"
	code, out, problems, _ = author(t, wrong, "validate")
	if code != 1 || out != "" || !strings.Contains(problems, "a.lockstep.hcl:2:3") || !strings.Contains(problems, `Did you mean "soak_time"?`) {
		t.Errorf("validate of a wrong file: %d %q %q", code, out, problems)
	}
	code, out, _, _ = author(t, wrong, "validate", "--format", "json")
	var result validation
	if err := json.Unmarshal([]byte(out), &result); err != nil || code != 1 || result.Valid || result.ErrorCount != 1 || result.Diagnostics[0].Range.Start.Line != 2 {
		t.Errorf("validate --format json: %d %s (%v)", code, out, err)
	}
	const needsNumber = "variable \"n\" {\n  type = number\n}\nenvironment \"dev\" {}\n"
	if code, _, problems, _ = author(t, needsNumber, "validate"); code != 0 {
		t.Errorf("validate without an environment: %d %q", code, problems)
	}
	if code, _, problems, _ = author(t, needsNumber, "validate", "--env", "dev"); code != 1 || !strings.Contains(problems, "environment variable LOCKSTEP_VAR_n") {
		t.Errorf("validate --env: %d %q", code, problems)
	}
	if code, out, problems, _ = author(t, needsNumber, "validate", "--env", "dev", "--var", "n=1"); code != 0 || !strings.Contains(out, "with the values of dev") {
		t.Errorf("validate --env --var: %d %q %q", code, out, problems)
	}
}

func TestLanguage(t *testing.T) {
	code, out, _, _ := author(t, untidy, "language", "--json")
	var document struct {
		FormatVersion string `json:"format_version"`
		Blocks        []struct {
			Type      string
			Arguments []struct{ Name, Type, Doc string }
		}
	}
	if err := json.Unmarshal([]byte(out), &document); err != nil || code != 0 || document.FormatVersion != "1.0" || document.Blocks[0].Type != "lockstep" ||
		document.Blocks[0].Arguments[0].Name != "required_version" {
		t.Errorf("language --json: %d %s (%v)", code, out, err)
	}
	code, out, _, _ = author(t, untidy, "language", "rollback")
	if code != 0 || !strings.Contains(out, "on_failure") || !strings.Contains(out, `default "auto"`) {
		t.Errorf("language rollback: %d %s", code, out)
	}
	if code, _, problems, _ := author(t, untidy, "language", "rolback"); code != 1 || !strings.Contains(problems, `Did you mean "rollback"?`) {
		t.Errorf("language rolback: %d %q", code, problems)
	}
}
