package config

import (
	"strings"
	"testing"
	"testing/fstest"
)

const alice = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

func loadText(text string) (*Project, string) {
	project, ds := Load(fstest.MapFS{"project.lockstep.hcl": {Data: []byte(text)}})
	var all strings.Builder
	for _, d := range ds {
		all.WriteString(d.Summary + " " + d.Detail + " " + d.Fix + "\n")
	}
	return project, all.String()
}

func TestEncryption(t *testing.T) {
	t.Parallel()
	project, said := loadText(`lockstep {
  encryption {
    recipients    = ["` + alice + `"]
    identity_file = "/keys/ci"
  }
}
`)
	if said != "" {
		t.Fatal(said)
	}
	got := project.Settings().Encryption
	if len(got.Recipients) != 1 || got.Recipients[0] != alice || got.IdentityFile != "/keys/ci" {
		t.Errorf("%+v", got)
	}
	for text, want := range map[string]string{
		`recipients = []`: "at least one recipient",
		`recipients = ["AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQ"]`: "is an identity, the secret half",
		`recipients = ["` + alice + `", "bob"]`:               "recipient 2 is not a recipient",
		`identity_file = "x"`:                                 "recipients",
	} {
		_, said := loadText("lockstep {\n  encryption {\n    " + text + "\n  }\n}\n")
		if !strings.Contains(said, want) || strings.Contains(said, "QQQQ") {
			t.Errorf("%s: %q, want %q", text, said, want)
		}
	}
}
