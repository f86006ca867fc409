package sqlsecret

import (
	"slices"
	"testing"
)

func TestValues(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`SELECT 1;`:                                                      nil,
		`CREATE ROLE a PASSWORD 'it''s';`:                                {"it's"},
		`ALTER ROLE a PASSWORD E'x y';`:                                  {"x y"},
		`CREATE USER a IDENTIFIED BY 'x"y';`:                             {`x"y`},
		`SELECT dblink_connect('postgres://u:p%40w@h/d');`:               {"p%40w", "p@w"},
		`DO $$ BEGIN EXECUTE 'CREATE ROLE b PASSWORD ''deep'''; END $$;`: {"deep"},
		`UPDATE users SET password = 'perhaps';`:                         nil,
		`CREATE ROLE a PASSWORD 'cut`:                                    nil,
	} {
		got := Values([]byte(text))
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
