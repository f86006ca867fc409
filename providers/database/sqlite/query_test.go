package sqlite_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestQuery(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := b.provider().Query(t.Context(), "sqlite://app.db", "SELECT 1"); err == nil || !strings.Contains(err.Error(), "there is no database app.db") {
		t.Errorf("missing file: %v", err)
	}
	b.exec("CREATE TABLE a (id int, name text); INSERT INTO a VALUES (7, 'x'), (NULL, 'y')")
	rows, err := b.provider().Query(t.Context(), "sqlite://app.db", "SELECT id, name, 0.5 AS f FROM a ORDER BY name;")
	if got := fmt.Sprintf("%v %v", rows, err); got != "[map[f:0.5 id:7 name:x] map[f:0.5 id:<nil> name:y]] <nil>" {
		t.Errorf("got %s", got)
	}
	for query, want := range map[string]string{
		"DELETE FROM a":        "readonly",
		"SELECT 1; SELECT 2":   "found 2 statements",
		"SELECT * FROM absent": "no such table",
	} {
		if _, err := b.provider().Query(t.Context(), "sqlite://app.db", query); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", query, err, want)
		}
	}
}
