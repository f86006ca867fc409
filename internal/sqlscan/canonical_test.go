package sqlscan_test

import (
	"bytes"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

func canonical(t *testing.T, text string) []byte {
	t.Helper()
	statements, err := sqlscan.Split([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sqlscan.Canonical([]byte(text), statements)
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	const text = "CREATE TABLE a (x int);\nINSERT INTO a VALUES (1, 'it''s  so');"
	for _, same := range []string{
		"CREATE TABLE a (x int);\r\nINSERT INTO a VALUES (1, 'it''s  so');\r\n",
		"-- why\nCREATE TABLE a(\n\tx int -- a number\n);INSERT INTO a VALUES(1,'it''s  so')",
		"BEGIN;" + text + "COMMIT;",
	} {
		if !bytes.Equal(canonical(t, same), canonical(t, text)) {
			t.Errorf("%q differs from %q", same, text)
		}
	}
	for _, other := range []string{
		"CREATE TABLE a (x int);",
		"CREATE TABLE a (x int); INSERT INTO a VALUES (1, 'it''s so');",
		"CREATE TABLE a (x int);; INSERT INTO b VALUES (1, 'it''s  so');",
		"CREATE TABLE ax (int); INSERT INTO a VALUES (1, 'it''s  so');",
	} {
		if bytes.Equal(canonical(t, other), canonical(t, text)) {
			t.Errorf("%q is taken for %q", other, text)
		}
	}
}
