package tfpolicy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/tfpolicy"
)

func TestWhatAPlanWouldDoIsFound(t *testing.T) {
	t.Parallel()
	type rows struct {
		text   string
		policy tfpolicy.Policy
		want   []string // RULE SEVERITY LINE
		json   bool
	}
	block := func(kind string) string { return "\ndata \"" + kind + "\" \"x\" {\n}\n" }
	for name, r := range map[string]rows{
		"nothing":                   {text: `resource "terraform_data" "x" {}`},
		"a program":                 {text: block("external"), want: []string{"terraform-data-speaks error 2"}},
		"a request":                 {text: block("http"), want: []string{"terraform-data-speaks error 2"}},
		"a request, allowed":        {text: block("http"), policy: tfpolicy.Policy{Allow: []string{"data.http"}}},
		"another one, not allowed":  {text: block("http"), policy: tfpolicy.Policy{Allow: []string{"data.external"}}, want: []string{"terraform-data-speaks error 2"}},
		"a name server":             {text: block("dns_a_record_set"), want: []string{"terraform-data-speaks error 2"}},
		"a state from elsewhere":    {text: block("terraform_remote_state"), want: []string{"terraform-data-speaks error 2"}},
		"a request of a check":      {text: "check \"c\" {\n  data \"http\" \"x\" {}\n}", want: []string{"terraform-data-speaks error 2"}},
		"a request in JSON":         {json: true, text: "{\n\"data\": {\"http\": {\n\"x\": {\"url\": \"http://x\"}}}}", want: []string{"terraform-data-speaks error 3"}},
		"ordinary data":             {text: block("aws_ami")},
		"a provisioner":             {text: "resource \"a\" \"b\" {\n  provisioner \"local-exec\" { command = \"x\" }\n}", want: []string{"terraform-provisioner warning 2"}},
		"a provisioner, allowed":    {text: "resource \"a\" \"b\" {\n  provisioner \"local-exec\" { command = \"x\" }\n}", policy: tfpolicy.Policy{Allow: []string{"local-exec"}}},
		"an absolute file":          {text: "output \"x\" {\n  value = file(\"/etc/passwd\")\n}", want: []string{"terraform-file-outside error 2"}},
		"a file above":              {text: "locals { x = filesha256(\"../../secret\") }", want: []string{"terraform-file-outside error 1"}},
		"a file at home":            {text: `locals { x = file("~/.ssh/id_rsa") }`, want: []string{"terraform-file-outside error 1"}},
		"a file by the module":      {text: `locals { x = file("${path.module}/../../x") }`, want: []string{"terraform-file-outside error 1"}},
		"a namespaced function":     {text: `locals { x = core::file("/etc/passwd") }`, want: []string{"terraform-file-outside error 1"}},
		"a file in a template":      {text: "locals { x = \"a ${upper(file(\"/etc/passwd\"))} b\" }", want: []string{"terraform-file-outside error 1"}},
		"a file in JSON":            {json: true, text: "{\"locals\": {\n\"x\": \"${file(\\\"/etc/passwd\\\")}\"}}", want: []string{"terraform-file-outside error 2"}},
		"files all over":            {text: `locals { x = fileset("/etc", "*") }`, want: []string{"terraform-file-outside error 1"}},
		"a local file":              {text: "data \"local_file\" \"x\" {\n  filename = \"/etc/passwd\"\n}", want: []string{"terraform-file-outside error 2"}},
		"files of the module":       {text: `locals { x = "${file("a.txt")} ${file("${path.module}/b.txt")} ${file("${path.root}/sub/c.txt")} ${file("${path.cwd}/d")}" }`},
		"a computed file":           {text: `locals { x = file(var.name) }`, want: []string{"terraform-file-computed warning 1"}},
		"a file, allowed":           {text: `locals { x = file("/etc/hostname") }`, policy: tfpolicy.Policy{Allow: []string{"file"}}},
		"a provider, no list":       {text: "terraform {\n required_providers {\n x = { source = \"evil/x\" }\n }\n}"},
		"a provider, not listed":    {text: "terraform {\n required_providers {\n x = { source = \"evil/x\" }\n }\n}", policy: tfpolicy.Policy{Providers: []string{"hashicorp/*"}}, want: []string{"terraform-provider-source error 3"}},
		"a provider, listed":        {text: "terraform {\n required_providers {\n aws = { source = \"hashicorp/aws\" }\n }\n}", policy: tfpolicy.Policy{Providers: []string{"hashicorp/*"}}},
		"a module, not listed":      {text: "module \"m\" {\n source = \"git::https://example.com/m.git\"\n}", policy: tfpolicy.Policy{Modules: []string{"app.terraform.io/we/*/*"}}, want: []string{"terraform-module-source error 2"}},
		"a module of the project":   {text: `module "m" { source = "./m" }`, policy: tfpolicy.Policy{Modules: []string{}}},
		"a module of any text":      {text: `module "m" { source = var.x }`, want: []string{"terraform-module-source error 1"}},
		"what cannot be read":       {text: "resource {{", want: []string{"terraform-unreadable error 1"}},
		"what cannot be read, JSON": {json: true, text: "{", want: []string{"terraform-unreadable error 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := "infra/main.tf"
			if r.json {
				file += ".json"
			}
			var got []string
			for _, f := range tfpolicy.Check(tfpolicy.Sources{Root: "infra", Files: map[string][]byte{file: []byte(r.text)}}, r.policy) {
				got = append(got, fmt.Sprint(f.Rule, " ", f.Severity, " ", f.Line))
				if f.File != file || f.Message == "" || f.Fix == "" || strings.Contains(f.Message, "\x00") {
					t.Errorf("finding %+v", f)
				}
			}
			if !slices.Equal(got, r.want) {
				t.Errorf("found %q, want %q", got, r.want)
			}
		})
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(`data "http" "x" { url = file("/x") }`), []byte(`{"data":{"http":{"x":[{}]}}}`))
	f.Fuzz(func(_ *testing.T, native, json []byte) {
		tfpolicy.Check(tfpolicy.Sources{Root: ".", Files: map[string][]byte{"a.tf": native, "b.tf.json": json}}, tfpolicy.Policy{Modules: []string{"["}})
	})
}
