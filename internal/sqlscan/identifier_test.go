package sqlscan_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

func TestIdentifier(t *testing.T) {
	t.Parallel()
	for want, parts := range map[string][]string{
		`orders`:       {"orders"},
		`app.orders`:   {"app", "orders"},
		`"Orders"`:     {"Orders"},
		`"a.b"."c""d"`: {"a.b", `c"d`},
		`"2nd"`:        {"2nd"},
		`größe_2$`:     {"größe_2$"},
	} {
		got := sqlscan.Identifier(parts...)
		if back := sqlscan.Names(got); got != want || !slices.Equal(back, parts) {
			t.Errorf("%q: got %s, read back as %q", parts, got, back)
		}
	}
	if sqlscan.Identifier("") != `""` {
		t.Error("an empty name is written as nothing")
	}
}

func TestNamesReadsOneNameOnly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`Public."Orders"`: {"public", "Orders"},
		`ÄB`:              {"Äb"},
		``:                nil,
		`a b`:             nil,
		`a.`:              nil,
		`.a`:              nil,
		`a,b`:             nil,
		`a; drop table b`: nil,
		`"a`:              nil,
		`1`:               nil,
	} {
		if got := sqlscan.Names(text); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestIdentifierIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringMatching(`[^\x00]{1,12}`)
		parts := rapid.SliceOfN(part, 1, 3).Draw(t, "parts")
		if got := sqlscan.Names(sqlscan.Identifier(parts...)); !slices.Equal(got, parts) {
			t.Fatalf("%q is read back as %q", parts, got)
		}
	})
}
