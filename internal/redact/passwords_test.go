package redact

import (
	"slices"
	"strings"
	"testing"
)

func TestPasswords(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in, shown string
		want      []string
	}{
		{"postgres://u:Q7%40x@h/d", "postgres://u:***@h/d", []string{"Q7%40x", "Q7@x"}},
		{"postgres://u@h/d?sslpassword=Q7+x&a=b", "postgres://u@h/d?sslpassword=***&a=b", []string{"Q7 x", "Q7+x"}},
		{"host=h password='Q7x' user=u", "host=h password=*** user=u", []string{"'Q7x'", "Q7x"}},
		{"mysql://u:p:Q7@h/d", "mysql://u:***@h/d", []string{"p:Q7"}},
		{"http://host:8080/file@sha256:aa", "http://host:8080/file@sha256:aa", nil},
		{"registry:5000/a:1@sha256:aa", "registry:5000/a:1@sha256:aa", nil},
		{"", "", nil},
	} {
		if got := Passwords(test.in); !slices.Equal(got, test.want) {
			t.Errorf("Passwords(%q) = %q, want %q", test.in, got, test.want)
		}
		if got := Setting(test.in); got != test.shown {
			t.Errorf("Setting(%q) = %q, want %q", test.in, got, test.shown)
		}
	}
}

func FuzzPasswords(f *testing.F) {
	f.Add("postgres://u:Q7@h/d?password=x")
	f.Fuzz(func(t *testing.T, s string) {
		once := Setting(s)
		if len(Passwords(s)) == 0 && once != s {
			t.Errorf("%q is shown as %q, and no password of it is known", s, once)
		}
		if !strings.Contains(once, Mask) && once != s {
			t.Errorf("%q became %q without a mask", s, once)
		}
	})
}
