package terraform

import "testing"

func TestSecretsAreFoundInEveryForm(t *testing.T) {
	t.Parallel()
	var s secrets
	s.add([]byte(`{"key":"-----BEGIN-----\nline one\nline two","port":54321,"short":"on","quoted":"a\"b\"c"}`))
	for text, want := range map[string]string{
		"found line two here":     "found *** here",
		"port 54321":              "port ***",
		"it is on":                "it is on",
		`json {"x":"a\"b\"c"}`:    `json {"x":"***"}`,
		"-----BEGIN-----\nline x": "***\nline x",
	} {
		if got := s.scrub(text); got != want {
			t.Errorf("scrub(%q) = %q, want %q", text, got, want)
		}
	}
}
