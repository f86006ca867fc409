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
		{Locale{Encoding: "UTF8", Collate: "tlh_KX.UTF-8", Ctype: "tlh_KX.UTF-8", Provider: "icu", Name: "de-DE"}, "UTF8", "C", true},
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

func TestCandidates(t *testing.T) {
	t.Parallel()
	german := Locale{Encoding: "UTF8", Collate: "de_DE.UTF-8", Ctype: "de_DE.UTF-8", Provider: "icu", Name: "de-DE"}
	built := Locale{Encoding: "UTF8", Collate: "C", Ctype: "C", Provider: "builtin", Name: "C.UTF-8"}
	for _, c := range []struct {
		locale Locale
		major  int
		first  Locale
	}{
		{german, 14, german.plain()}, {german, 15, german}, {built, 16, built.plain()}, {built, 17, built}, {Locale{Encoding: "UTF8", Collate: "x"}, 12, Locale{Encoding: "UTF8", Collate: "x"}},
	} {
		got := c.locale.candidates(c.major)
		if got[0] != c.first || got[len(got)-1] != c.locale.plain() {
			t.Errorf("%v on %d: %v", c.locale, c.major, got)
		}
	}
}
