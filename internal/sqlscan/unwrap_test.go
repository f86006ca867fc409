package sqlscan_test

import (
	"cmp"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

func TestUnwrap(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want string // the statements that are left; empty when nothing is taken away
	}{
		{"BEGIN;\nCREATE TABLE a (x int);\nCOMMIT;\n", "CREATE TABLE a (x int)"},
		{"-- why\nstart transaction;\nSELECT 1;\nSELECT 2;\nend work;", "SELECT 1|SELECT 2"},
		{"BEGIN TRANSACTION; SELECT 'BEGIN; COMMIT;'; COMMIT TRANSACTION", "SELECT 'BEGIN; COMMIT;'"},
		{"BEGIN; COMMIT;", "nothing"},
		{"BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT;", ""},
		{"START TRANSACTION READ ONLY; SELECT 1; COMMIT;", ""},
		{"BEGIN; SELECT 1; COMMIT AND CHAIN;", ""},
		{"BEGIN; SELECT 1; ROLLBACK;", ""},
		{"BEGIN; SELECT 1;", ""},
		{"SELECT 1; COMMIT;", ""},
		{"BEGIN", ""},
		{"", ""},
	} {
		statements, err := sqlscan.Split([]byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		text, inner, wrapped := sqlscan.Unwrap([]byte(test.text), statements)
		if wrapped != (test.want != "") {
			t.Errorf("%q: wrapped %v", test.text, wrapped)
			continue
		}
		if !wrapped {
			if string(text) != test.text || len(inner) != len(statements) {
				t.Errorf("%q was changed", test.text)
			}
			continue
		}
		again, err := sqlscan.Split(text)
		if err != nil {
			t.Fatal(err)
		}
		var left []string
		for i, s := range again {
			left = append(left, s.Text)
			if s.Line != inner[i].Line || s.Column != inner[i].Column {
				t.Errorf("%q: %q has moved", test.text, s.Text)
			}
		}
		if got := cmp.Or(strings.Join(left, "|"), "nothing"); got != test.want {
			t.Errorf("%q: left %q, want %q", test.text, got, test.want)
		}
	}
}
