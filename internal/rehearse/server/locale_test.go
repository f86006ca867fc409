package server

import "testing"

func TestDatabaseHasTheTargetsLocaleOrSaysSo(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for _, c := range []struct {
		wanted            Locale
		encoding, collate string
		differs           bool
	}{
		{Locale{}, "UTF8", "C", false},
		{Locale{Encoding: "LATIN1", Collate: "C", Ctype: "C", Provider: "libc"}, "LATIN1", "C", false},
		{Locale{Encoding: "UTF8", Collate: "tlh_KX.UTF-8", Ctype: "tlh_KX.UTF-8", Provider: "libc"}, "UTF8", "C", true},
		{Locale{Encoding: "SQL_ASCII", Collate: "C", Ctype: "C"}, "SQL_ASCII", "C", false},
		{Locale{Encoding: "UTF8", Collate: "C", Ctype: "C", Provider: "builtin", Name: "nonsense"}, "UTF8", "C", true},
	} {
		d := database(t, s, c.wanted)
		got := described(t, d.URL()).Locale
		if got.Encoding != c.encoding || got.Collate != c.collate || (d.Differs != "") != c.differs {
			t.Errorf("for %+v: %+v, differs %q", c.wanted, got, d.Differs)
		}
		again := database(t, s, got)
		if repeated := described(t, again.URL()).Locale; repeated != got || again.Differs != "" {
			t.Errorf("%+v described and made again is %+v (%s)", got, repeated, again.Differs)
		}
	}
}
