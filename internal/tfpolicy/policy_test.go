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
		bare   bool              // without a lock file
		more   map[string]string // other files
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
		"a module, no list":         {text: "module \"m\" {\n source = \"git::https://example.com/m.git\"\n}", want: []string{"terraform-module-source error 2"}},
		"a module, by version":      {text: "module \"m\" {\n source = \"we/vpc/aws\"\n version = \"1.2.3\"\n}", policy: tfpolicy.Policy{Modules: []string{"we/*/aws"}}},
		"a module, by commit":       {text: "module \"m\" {\n source = \"git::https://a.b/c?ref=1234567\"\n}", policy: tfpolicy.Policy{Modules: []string{"git::https://a.b/*"}}},
		"a module of any version":   {text: "module \"m\" {\n source = \"we/vpc/aws\"\n version = \">= 1\"\n}", policy: tfpolicy.Policy{Modules: []string{"we/*/aws"}}, want: []string{"terraform-module-unpinned warning 1"}},
		"a provider of nobody":      {text: "\nresource \"evil_x\" \"y\" {}", policy: tfpolicy.Policy{Providers: []string{"we/*"}}, want: []string{"terraform-provider-source error 2"}},
		"a provider of the engine":  {text: `resource "terraform_data" "x" {}`, policy: tfpolicy.Policy{Providers: []string{}}, bare: true},
		"a provider, not locked":    {text: "\nresource \"aws_x\" \"y\" {}", bare: true, want: []string{"terraform-lock-missing warning 2"}},
		"an ephemeral request":      {text: `ephemeral "http" "x" {}`, want: []string{"terraform-data-speaks error 1"}},
		"a program of local":        {text: block("local_command"), want: []string{"terraform-data-speaks error 2"}},
		"an archive of files":       {text: "data \"archive_file\" \"x\" {\n source_dir = \"/etc\"\n}", want: []string{"terraform-file-outside error 2"}},
		"a key from a program":      {text: "terraform {\n encryption {\n  key_provider \"external\" \"x\" {\n command = [\"sh\"]\n}\n }\n}", want: []string{"terraform-encryption-speaks error 3"}},
		"a method that is one":      {text: "terraform {\n encryption {\n  method \"external\" \"x\" {\n }\n }\n}", want: []string{"terraform-encryption-speaks error 3"}},
		"a key from elsewhere":      {text: "terraform {\n encryption {\n  key_provider \"openbao\" \"x\" {\n }\n }\n}", want: []string{"terraform-encryption-speaks error 3"}},
		"a key from a passphrase":   {text: "terraform {\n encryption {\n  key_provider \"pbkdf2\" \"x\" {\n }\n }\n}"},
		"a template that reads":     {text: `locals { x = templatefile("${path.module}/x.tftpl", {}) }`, more: map[string]string{"infra/x.tftpl": "a\n${file(\"/etc/passwd\")}"}, want: []string{"terraform-file-outside error 2"}},
		"a template, unreadable":    {text: `locals { x = templatefile("x.tftpl", {}) }`, more: map[string]string{"infra/x.tftpl": "${"}, want: []string{"terraform-unreadable error 1"}},
		"a template, too deep":      {text: `locals { x = templatefile("x.tftpl", {}) }`, more: map[string]string{"infra/x.tftpl": "${" + strings.Repeat("[", 1e5)}, want: []string{"terraform-unreadable error 1"}},
		"a template in a text":      {text: `locals { x = templatestring(local.y, {}) }`, want: []string{"terraform-file-computed warning 1"}},
		"a text without an end":     {text: "locals { x = " + strings.Repeat("[", 1e5), want: []string{"terraform-unreadable error 1"}},
		"one in JSON":               {json: true, text: strings.Repeat("[", 1e5), want: []string{"terraform-unreadable error 1"}},
		"one in a text of JSON":     {json: true, text: `{"x": "${` + strings.Repeat("[", 1e5) + `}"}`},
		"work without an end":       {text: "module \"m\" {\n source = " + laughs(8) + "\n}", want: []string{"terraform-module-source error 2"}},
		"work without an end, JSON": {json: true, text: `{"data": {"local_file": {"x": {"filename": "${` + strings.ReplaceAll(laughs(8), `"`, `\"`) + `}"}}}}`, want: []string{"terraform-file-computed warning 1"}},
		"a large file":              {text: strings.Repeat("#", 100), policy: tfpolicy.Policy{MaxBytes: 99}, want: []string{"terraform-unreadable error 1"}},
		"what cannot be read":       {text: "resource {{", want: []string{"terraform-unreadable error 1"}},
		"what cannot be read, JSON": {json: true, text: "{", want: []string{"terraform-unreadable error 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := "infra/main.tf"
			if r.json {
				file += ".json"
			}
			files := map[string][]byte{file: []byte(r.text)}
			if !r.bare {
				files["infra/.terraform.lock.hcl"] = nil
			}
			for name, text := range r.more {
				files[name] = []byte(text)
			}
			var got []string
			for _, f := range tfpolicy.Check(tfpolicy.Sources{Root: "infra", Files: files}, r.policy) {
				got = append(got, fmt.Sprint(f.Rule, " ", f.Severity, " ", f.Line))
				if f.File != file && r.more[f.File] == "" || f.Message == "" || f.Fix == "" || strings.Contains(f.Message, "\x00") {
					t.Errorf("finding %+v", f)
				}
			}
			if !slices.Equal(got, r.want) {
				t.Errorf("found %q, want %q", got, r.want)
			}
		})
	}
}

// laughs nests a "for" in a "for": to evaluate it takes ten to the power of n.
func laughs(n int) string {
	text := "1"
	for range n {
		text = "[for x in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : " + text + "]"
	}
	return text
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(`data "http" "x" { url = file("/x") }`), []byte(`{"data":{"http":{"x":[{}]}}}`))
	f.Fuzz(func(_ *testing.T, native, json []byte) {
		tfpolicy.Check(tfpolicy.Sources{Root: ".", Files: map[string][]byte{"a.tf": native, "b.tf.json": json, "c.tftpl": native}}, tfpolicy.Policy{Modules: []string{"["}})
	})
}
