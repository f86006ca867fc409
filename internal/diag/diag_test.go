package diag_test

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/internal/redact"
)

var update = flag.Bool("update", false, "write the golden files")

const source = "change_set \"a\" {\n\tdesciption = \"typo\"\r\n}\n"

func place(line, column, from, to int) diag.Range {
	return diag.Range{File: "a.lockstep.hcl", Start: diag.Pos{Line: line, Column: column, Byte: from}, End: diag.Pos{Line: line, Column: column + to - from, Byte: to}}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 500)
	ds := diag.Diagnostics{
		{Severity: diag.Error, Code: "a", Summary: "Unsupported argument", Detail: "It is not expected here.", Fix: `Did you mean "description"?`, Range: place(2, 2, 18, 28)},
		{Severity: diag.Warning, Code: "b", Summary: "No place"},
		{Severity: diag.Error, Code: "c", Summary: "Escape \x1b[31m and \u202e and \xff", Detail: "two\nlines", Range: diag.Range{File: "evil\x07.hcl"}},
		{Severity: diag.Error, Code: "d", Summary: "Secret", Range: place(2, 15, 31, 37), Hidden: true},
		{Severity: diag.Error, Code: "e", Summary: "Long line", Range: diag.Range{File: "long", Start: diag.Pos{Line: 1, Column: 251, Byte: 250}, End: diag.Pos{Line: 1, Column: 254, Byte: 253}}},
		{Severity: diag.Error, Code: "f", Summary: "Past the end", Range: place(9, 1, 9000, 9001)},
		{Severity: diag.Error, Code: "h", Summary: "Known by its line", Range: diag.Range{File: "a.lockstep.hcl", Start: diag.Pos{Line: 2, Column: 1}, End: diag.Pos{Line: 2, Column: 1}}},
		{Severity: diag.Error, Code: "g", Summary: "Several lines", Range: diag.Range{File: "a.lockstep.hcl", Start: diag.Pos{Line: 1, Column: 1}, End: diag.Pos{Line: 3, Column: 2, Byte: 41}}},
	}
	var b strings.Builder
	diag.Write(&b, ds, func(file string) []byte {
		switch file {
		case "a.lockstep.hcl":
			return []byte(source)
		case "long":
			return []byte(long)
		}
		return nil
	})
	golden(t, "testdata/write.golden", b.String())
	if redact.EscapeLines(b.String()) != b.String() || strings.Contains(b.String(), "typo\"\n     | "+strings.Repeat(" ", 14)+"^^^^^^") {
		t.Errorf("something raw or secret is printed:\n%s", b.String())
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestSortDropsRepetitions(t *testing.T) {
	t.Parallel()
	a := diag.Diagnostic{Severity: diag.Error, Summary: "a", Range: place(2, 1, 18, 19)}
	b := diag.Diagnostic{Severity: diag.Warning, Summary: "b", Range: place(1, 1, 0, 1)}
	ds := diag.Diagnostics{a, b, a}
	ds.Sort()
	if len(ds) != 2 || ds[0] != b || ds[1] != a {
		t.Errorf("sorted = %v", ds)
	}
}

func TestErrHoldsErrorsAlone(t *testing.T) {
	t.Parallel()
	warning := diag.Diagnostics{{Severity: diag.Warning, Summary: "w"}}
	if warning.Err() != nil || warning.HasErrors() || diag.Diagnostics(nil).Err() != nil {
		t.Error("a warning is not an error")
	}
	both := append(warning, diag.Diagnostic{Severity: diag.Error, Summary: "e", Detail: "d", Fix: "f", Range: place(2, 3, 4, 5)})
	if got := both.Err().Error(); got != "a.lockstep.hcl:2:3: e; d; f" {
		t.Errorf("Err = %q", got)
	}
}

func TestFromHCL(t *testing.T) {
	t.Parallel()
	got := diag.FromHCL(hcl.Diagnostics{{
		Severity: hcl.DiagError, Summary: "Unsupported block type.",
		Detail:  `Blocks of type "x" are not expected here. Did you mean "y"?`,
		Subject: &hcl.Range{Filename: "f", Start: hcl.Pos{Line: 1, Column: 2, Byte: 1}, End: hcl.Pos{Line: 1, Column: 3, Byte: 2}},
	}})
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"severity":"error","code":"unsupported-block-type","summary":"Unsupported block type","detail":"Blocks of type \"x\" are not expected here.","fix":"Did you mean \"y\"?","range":{"file":"f","start":{"line":1,"column":2,"byte":1},"end":{"line":1,"column":3,"byte":2}}}]`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
}
