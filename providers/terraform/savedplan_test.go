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

func FuzzReadState(f *testing.F) {
	f.Add([]byte(`{"version":4,"serial":3,"lineage":"x","resources":[{"mode":"managed","type":"t","name":"n","module":"module.m","instances":[{"index_key":1,"deposed":"d","attributes":{}},{"index_key":"k"}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := readState(b)
		if err != nil {
			return
		}
		if !sameContent(s, s) {
			t.Error("a state differs from itself")
		}
		s.mark()
	})
}
