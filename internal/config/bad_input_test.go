package config_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/diag"
)

// validate loads and validates one file and returns what is wrong.
func validate(t *testing.T, name, src string) (diag.Diagnostics, fstest.MapFS) {
	t.Helper()
	fsys := fstest.MapFS{name: &fstest.MapFile{Data: []byte(src)}}
	p, _ := config.Load(fsys)
	return p.Validate(), fsys
}

// inSet puts lines into a change set that has a database at hand.
func inSet(lines string) string {
	return `database "d" {
  driver     = "sqlite"
  url        = "sqlite://d.db"
  migrations = "m"
}
change_set "c" {
` + lines + "\n}\n"
}

const readyCheck = `check "http" "ready" {
  url = "http://localhost/"
}
`

type badInput struct {
	name string
	src  string
	at   string // line:column
	want []string
}

func badStructure() []badInput {
	return []badInput{
		{"unknown block", "chang_set \"a\" {}\n", "1:1", []string{`Unsupported block type`, `Did you mean "change_set"?`}},
		{"mirror in the project", "lockstep {\n  plugin_mirror = \"./mirror\"\n}\n", "2:19", []string{"Invalid provider mirror", "outside of the project"}},
		{"mirror with a password", "lockstep {\n  plugin_mirror = \"https://ada:pw@example.com/\"\n}\n", "2:19", []string{"Invalid provider mirror", "without a user name"}},
		{"unknown argument", inSet(`desciption = "x"`), "7:1", []string{`"desciption"`, `Did you mean "description"?`}},
		{"unknown check type", inSet(`check "htp" "a" {}`), "7:7", []string{`Unknown type "htp" of check`, `Did you mean "http"?`}},
		{"missing label", inSet(`terraform { source = "x" }`), "7:11", []string{"Missing name for terraform"}},
		{"extra label", inSet(`terraform "a" "b" { source = "x" }`), "7:15", []string{"Extraneous label for terraform"}},
		{"missing argument", inSet("terraform \"a\" {\n}"), "7:1", []string{`Missing argument "source"`, `Add source = ...`}},
		{"argument twice", inSet("owner = \"a\"\nowner = \"b\""), "8:1", []string{"Attribute redefined", "was already set at"}},
		{"unterminated heredoc", inSet("owner = <<EOT\nx"), "10:1", []string{"Unterminated template string"}},
		{"unterminated string", "variable \"a\n", "1:12", []string{"Invalid multi-line string"}},
		{"two change sets of one name", "change_set \"a\" {}\nchange_set \"a\" {}\n", "2:1", []string{`Second block change_set "a"`, "bad.lockstep.hcl:1:1"}},
		{"two blocks of one address", inSet(readyCheck + readyCheck), "10:1", []string{`Second block check "http" "ready"`, "bad.lockstep.hcl:7:1"}},
		{"two rollbacks", inSet("rollback {}\nrollback {}"), "8:1", []string{`Second block "rollback"`, "bad.lockstep.hcl:7:1"}},
		{"two locals", "locals {\n  a = 1\n}\nlocals {\n  a = 2\n}\n", "5:3", []string{`Second local "a"`, "bad.lockstep.hcl:2:3"}},
		{"invalid UTF-8", "locals {\n  a = \"\xff\"\n}\n", "2:8", []string{"File is not UTF-8", "offset 16 is 0xff"}},
		{"raw control character", "locals {\n  a = \"x\x01y\"\n}\n", "2:8", []string{"Control character U+0001"}},
		{"escaped NUL", inSet(`description = "a\u0000b"`), "7:15", []string{"control character U+0000"}},
		{"bidirectional text", "locals {\n  a = \"x\u202ey\"\n}\n", "2:8", []string{"reorder text"}},
		{"bidirectional name", "change_set \"a\u202eb\" {}\n", "1:12", []string{`Invalid name "a\u202eb"`}},
	}
}

func badSizes() []badInput {
	return []badInput{
		{"brackets", "locals {\n  a = " + strings.Repeat("[", 100_000) + "\n}\n", "2:206", []string{"Nesting deeper than 200"}},
		{"nested blocks", strings.Repeat("a {\n", 250_000), "201:3", []string{"Nesting deeper than 200"}},
		{"nested templates", "locals {\n  a = " + strings.Repeat(`"${`, 1000) + "\n}\n", "2:605", []string{"Nesting deeper than 200"}},
		{"operators", "locals {\n  a = 1" + strings.Repeat("+1", 100_000) + "\n}\n", "2:2008", []string{"more than 1000 operators"}},
		{"negations", "locals {\n  a = " + strings.Repeat("!", 900_000) + "true\n}\n", "2:1007", []string{"more than 1000 operators"}},
		{"four nested for", "locals {\n  l = range(40)\n  a = [for w in local.l : [for x in local.l : [for y in local.l : [for z in local.l : 1]]]]\n}\n" + `change_set "c" {}`, "3:7", []string{"Expression too large", "100,000 elements"}},
		{"doubling locals", doubling() + `change_set "c" {}`, "18:9", []string{"Expression too large"}},
		{"large format", "locals {\n  a = format(\"%999999999d\", 1)\n}\nchange_set \"c\" {}", "2:7", []string{"Expression too large", "result would be too large"}},
		{"large product", "locals {\n  a = setproduct(range(1000), range(1000), range(1000))\n}\nchange_set \"c\" {}", "", []string{"too large"}},
		{"hidden by can", "locals {\n  l = range(400)\n  a = can([for x in local.l : [for y in local.l : 1]])\n}\nchange_set \"c\" {}", "3:7", []string{"Expression too large"}},
	}
}

func badReferences() []badInput {
	return []badInput{
		{"cycle of blocks", inSet("terraform \"a\" {\n  source = \"x\"\n  depends_on = [terraform.b]\n}\nterraform \"b\" {\n  source = \"x\"\n  inputs = { v = terraform.a.outputs.v }\n}"), "7:1", []string{"terraform.a -> terraform.b -> terraform.a"}},
		{"self reference", inSet("terraform \"a\" {\n  source = \"x\"\n  inputs = { v = terraform.a.outputs.v }\n}"), "7:1", []string{"terraform.a -> terraform.a"}},
		{"cycle of locals", "locals {\n  a = local.b\n  b = local.a\n}\n", "2:3", []string{"local.a -> local.b -> local.a"}},
		{"cycle of environments", "environment \"a\" {\n  depends_on = [environment.b]\n}\nenvironment \"b\" {\n  depends_on = [environment.a]\n}\n", "1:1", []string{"environment.a -> environment.b -> environment.a"}},
		{"cycle of change sets", "change_set \"a\" {\n  depends_on = [change_set.a]\n}\n", "1:1", []string{"change_set.a -> change_set.a"}},
		{"unknown block in depends_on", inSet(readyCheck + "terraform \"a\" {\n  source = \"x\"\n  depends_on = [check.http.redy]\n}"), "12:17", []string{`No check "http.redy"`, `Did you mean "http.ready"?`}},
		{"unknown environment", "environment \"dev\" {}\nenvironment \"b\" {\n  depends_on = [environment.dve]\n}\n", "3:17", []string{`No environment "dve"`, `Did you mean "dev"?`}},
		{"unknown environment of a change set", "environment \"dev\" {}\nchange_set \"a\" {\n  environments = [\"dve\"]\n}\n", "3:18", []string{`No environment "dve"`, `Did you mean "dev"?`}},
		{"quoted reference", inSet("migration \"a\" {\n  database = \"database.d\"\n}"), "8:14", []string{"Expected a reference such as database.NAME", "without quotes"}},
		{"reference of the wrong kind", inSet(readyCheck + "migration \"a\" {\n  database = check.http.ready\n}"), "11:14", []string{"Expected a reference such as database.NAME", "found check.http.ready"}},
		{"list expected", inSet(readyCheck + "phase \"verify\" {\n  postconditions = check.http.ready\n}"), "11:20", []string{"Expected a list"}},
		{"unknown variable", inSet("check \"exec\" \"a\" {\n  command = [var.x]\n}"), "8:14", []string{`No variable "x"`}},
		{"unknown local", inSet("check \"exec\" \"a\" {\n  command = [local.x]\n}"), "8:14", []string{`No local "x"`}},
		{"unknown root", inSet("check \"exec\" \"a\" {\n  command = [vra.x]\n}"), "8:14", []string{`Unknown name "vra"`, `Did you mean "var"?`}},
		{"self outside of assert", inSet("check \"exec\" \"a\" {\n  command = [self.x]\n}"), "8:14", []string{`Unknown name "self"`, "only inside of assert"}},
		{"unknown attribute", inSet("artifact \"file\" \"a\" {\n  path = \"x\"\n}\ncheck \"exec\" \"a\" {\n  command = [artifact.file.a.digset]\n}"), "11:14", []string{`artifact.file.a has no attribute "digset"`, `Did you mean "digest"?`}},
		{"terraform without outputs", inSet("terraform \"a\" {\n  source = \"x\"\n}\ncheck \"exec\" \"a\" {\n  command = [terraform.a.url]\n}"), "11:14", []string{`terraform.a has no attribute "url"`, "outputs"}},
	}
}

func badNamesAndSecrets() []badInput {
	return []badInput{
		{"name with a path", "change_set \"../../x\" {}\n", "1:12", []string{`Invalid name "../../x"`}},
		{"name with spaces", "change_set \"a b\" {}\n", "1:12", []string{`Invalid name "a b"`}},
		{"long name", "change_set \"" + strings.Repeat("a", 300) + "\" {}\n", "1:12", []string{"Invalid name", "at most 63"}},
		{"device name", "change_set \"con\" {}\n", "1:12", []string{`Reserved name "con"`}},
		{"secret in a constant", "variable \"s\" {\n  sensitive = true\n}\nchange_set \"c\" {\n  description = \"x ${var.s}\"\n}\n", "5:22", []string{`"description" must be constant`, "var.s"}},
		{"secret in a shown argument", "variable \"s\" {\n  sensitive = true\n}\nchange_set \"c\" {\n  terraform \"a\" {\n    source = \"x\"\n    workspace = var.s\n  }\n}\n", "7:17", []string{`Sensitive value in "workspace"`}},
		{"default of a secret", "variable \"s\" {\n  sensitive = true\n  default = \"hunter2\"\n}\n", "3:13", []string{`Sensitive variable "s" has a default`, "LOCKSTEP_VAR_s"}},
		{"access key", inSet(`labels = { k = "AKIAIOSFODNN7EXAMPLE" }`), "7:17", []string{"looks like a credential"}},
		{"private key", inSet("labels = { k = \"-----BEGIN RSA PRIVATE KEY-----\" }"), "7:17", []string{"looks like a credential"}},
		{"password in a URL", "database \"d\" {\n  driver = \"postgres\"\n  url = \"postgres://u:hunter2@h/d\"\n  migrations = \"m\"\n}\n", "3:10", []string{"looks like a credential"}},
	}
}

func badFilesAndAddresses() []badInput {
	return []badInput{
		{"absolute file", "locals {\n  a = file(\"/etc/passwd\")\n}\nchange_set \"c\" {}", "2:12", []string{"leaves the project folder"}},
		{"file above", "locals {\n  a = file(\"../x\")\n}\nchange_set \"c\" {}", "2:12", []string{"leaves the project folder"}},
		{"missing file", "locals {\n  a = file(\"x.txt\")\n}\nchange_set \"c\" {}", "2:12", []string{"file does not exist"}},
		{"source above", inSet("terraform \"a\" {\n  source = \"../x\"\n}"), "8:12", []string{"leaves the project folder"}},
		{"absolute source", inSet("terraform \"a\" {\n  source = \"/x\"\n}"), "8:12", []string{"leaves the project folder"}},
		{"file URL", inSet("check \"http\" \"a\" {\n  url = \"file:///etc/passwd\"\n}"), "8:9", []string{"http:// or https://", `"file"`}},
		{"metadata address", inSet("check \"http\" \"a\" {\n  url = \"http://169.254.169.254/\"\n}"), "8:9", []string{"link-local"}},
		{"metadata address as a number", inSet("check \"http\" \"a\" {\n  url = \"http://2852039166/\"\n}"), "8:9", []string{"link-local"}},
		{"metadata address as IPv6", inSet("check \"http\" \"a\" {\n  url = \"http://[::ffff:a9fe:a9fe]/\"\n}"), "8:9", []string{"link-local"}},
		{"user in a URL", inSet("check \"http\" \"a\" {\n  url = \"http://hunter2@h/\"\n}"), "8:9", []string{"must not hold a user or password"}},
	}
}

func badValues() []badInput {
	return []badInput{
		{"infinite timeout", inSet("rollback {\n  timeout = 1e999999999\n}"), "8:13", []string{`Invalid value of "timeout"`, "duration"}},
		{"negative duration", inSet("rollback {\n  timeout = \"-5s\"\n}"), "8:13", []string{`"-5s" is negative`}},
		{"no unit", inSet("rollback {\n  timeout = \"5\"\n}"), "8:13", []string{`"5" has no unit`, `"5s"`}},
		{"words as unit", inSet("rollback {\n  timeout = \"5 minutes\"\n}"), "8:13", []string{`"5 minutes" is not a duration`}},
		{"400 days", inSet("rollback {\n  timeout = \"400d\"\n}"), "8:13", []string{"longer than 365 days"}},
		{"invalid constraint", "lockstep {\n  required_version = \"newest\"\n}\n", "2:22", []string{"Invalid version constraint"}},
		{"unknown phase", inSet(`phase "verfy" {}`), "7:7", []string{`Unknown phase "verfy"`, `Did you mean "verify"?`}},
		{"wrong word", inSet("rollback {\n  on_failure = \"atuo\"\n}"), "8:16", []string{`"atuo" is not one of auto, pause`, `Did you mean "auto"?`}},
		{"wrong type", inSet("rollback {\n  keep_schema = [1]\n}"), "8:17", []string{"a bool is required, found tuple"}},
		{"wrong digest", inSet("artifact \"file\" \"a\" {\n  path = \"x\"\n  digest = \"sha256:12\"\n}"), "9:12", []string{"is not a digest", "64 hex digits"}},
		{"keep zero", inSet("artifact \"file\" \"a\" {\n  path = \"x\"\n}\ndeployment \"directory\" \"a\" {\n  artifact = artifact.file.a\n  path = \"/srv\"\n  keep = 0\n}"), "13:10", []string{"a whole number from 1 is required, found 0"}},
		{"negative threshold", inSet("check \"exec\" \"a\" {\n  command = [\"x\"]\n  success_threshold = -1\n}"), "9:23", []string{"a whole number from 1 is required, found -1"}},
		{"version zero", inSet("migration \"a\" {\n  database = database.d\n  version = 0\n}"), "9:13", []string{"a whole number from 1"}},
		{"version too large", inSet("migration \"a\" {\n  database = database.d\n  version = 9223372036854775808\n}"), "9:13", []string{"9223372036854775807"}},
		{"null for a required argument", inSet("terraform \"a\" {\n  source = null\n}"), "8:12", []string{"a value is required, found null"}},
	}
}

func badWords() []badInput {
	return []badInput{
		{"timestamp", "locals {\n  a = timestamp()\n}\n", "2:7", []string{"Function timestamp is left out on purpose", "clock"}},
		{"uuid in a branch", "locals {\n  a = true ? 1 : uuid()\n}\n", "2:18", []string{"Function uuid is left out on purpose", "random"}},
		{"env", "locals {\n  a = env(\"HOME\")\n}\n", "2:7", []string{"Function env is left out on purpose", "LOCKSTEP_VAR_NAME"}},
		{"unknown function", "locals {\n  a = jsonencod(1)\n}\n", "2:7", []string{`No function "jsonencod"`, `Did you mean "jsonencode"?`}},
		{"unsupported block", inSet("flag \"flagd\" \"a\" {}"), "7:1", []string{`Block flag "flagd" "a" is not supported by this version`}},
		{"unsupported top block", "notify \"slack\" \"a\" {}\n", "1:1", []string{"not supported by this version"}},
		{"unsupported nested block", "environment \"a\" {\n  approval \"b\" {\n  }\n}\n", "2:3", []string{`Block approval "b" is not supported by this version`}},
		{"unsupported driver", inSet("artifact \"oci\" \"a\" {\n}"), "7:1", []string{`Block artifact "oci" "a" is not supported by this version`}},
		{"unsupported journal", "lockstep {\n  journal \"postgres\" {\n    url = \"x\"\n  }\n}\n", "2:3", []string{`Block journal "postgres" is not supported by this version`}},
		{"unsupported argument", "database \"d\" {\n  driver = \"sqlite\"\n  url = \"sqlite://x\"\n  migrations = \"m\"\n  for_each = [1]\n}\n", "5:3", []string{`Argument "for_each" is not supported by this version`}},
		{"invalid type", "variable \"a\" {\n  type = strin\n}\n", "2:10", []string{"Invalid type specification"}},
		{"default of another type", "variable \"a\" {\n  type = number\n  default = \"x\"\n}\n", "3:13", []string{`Default of variable "a" does not fit its type`, "number"}},
		{"incomplete reference", inSet("check \"exec\" \"a\" {\n  command = [artifact.file]\n}"), "8:14", []string{`Incomplete reference "artifact.file"`, "artifact.TYPE.NAME"}},
		{"no condition", inSet("check \"exec\" \"a\" {\n  command = [\"x\"]\n  assert {\n  }\n}"), "9:3", []string{`Missing argument "condition"`}},
		{"empty command", inSet("check \"exec\" \"a\" {\n  command = []\n}"), "8:13", []string{"at least one"}},
	}
}

func TestBadInputs(t *testing.T) {
	t.Parallel()
	for _, tt := range slices.Concat(badStructure(), badSizes(), badReferences(), badNamesAndSecrets(), badFilesAndAddresses(), badValues(), badWords()) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ds, fsys := validate(t, "bad.lockstep.hcl", tt.src)
			text := rendered(ds, fsys)
			if !ds.HasErrors() {
				t.Fatalf("no error:\n%s", text)
			}
			if !oneHolds(ds, tt.at, tt.want) {
				t.Errorf("no diagnostic at %q with %q in:\n%s", tt.at, tt.want, cutText(text))
			}
			if strings.Contains(text, "hunter2") || strings.Contains(text, "lockstep meter") {
				t.Errorf("a secret or an inner name is printed:\n%s", text)
			}
		})
	}
}

func cutText(s string) string {
	if len(s) > 3000 {
		return s[:3000] + "…"
	}
	return s
}

// oneHolds reports whether one error stands at the place and has all parts.
func oneHolds(ds diag.Diagnostics, at string, parts []string) bool {
	for _, d := range ds {
		place := fmt.Sprintf("%d:%d", d.Range.Start.Line, d.Range.Start.Column)
		ok := d.Severity == diag.Error && d.Code != "" && (at == "" || place == at)
		for _, part := range parts {
			ok = ok && strings.Contains(d.Error(), part)
		}
		if ok {
			return true
		}
	}
	return false
}

func doubling() string {
	b := strings.Builder{}
	b.WriteString("locals {\n  a00 = [1]\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&b, "  a%02d = [local.a%02d, local.a%02d]\n", i, i-1, i-1)
	}
	b.WriteString("}\n")
	return b.String()
}
