package queries

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func folder(files map[string]string) fs.FS {
	system := fstest.MapFS{}
	for name, text := range files {
		system[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return system
}

func TestFolderOfQueries(t *testing.T) {
	t.Parallel()
	w, err := FromFolder(folder(map[string]string{
		"orders.sql": "-- name: GetOrder :one\nSELECT * FROM orders\nWHERE id = @id;\n\n/* name: ListOrders :many */\n-- of one customer\nSELECT sqlc.embed(o) FROM orders o WHERE c = sqlc.arg('customer') AND s = sqlc.narg(state) AND c <> @customer;\n",
		"plain/b.sql": "SET search_path = shop; SELECT ':no', a::text, b[1:n] FROM t WHERE x = :x AND y <@ z AND @ d > 1;\n" +
			"CREATE TABLE t (a int);\nPREPARE p AS DELETE FROM t WHERE id IN (sqlc.slice(ids)) AND $1 > 0",
		".git/x.sql": "nonsense '", "readme.md": "nonsense '",
	}))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range w.Statements {
		got = append(got, fmt.Sprintf("%s:%d %s %v: %s", s.File, s.Line, s.Name, s.Parameters, strings.Join(strings.Fields(s.SQL), " ")))
	}
	want := []string{
		"orders.sql:2 GetOrder [id]: SELECT * FROM orders WHERE id = $1",
		"orders.sql:7 ListOrders [customer state]: SELECT o.* FROM orders o WHERE c = $1 AND s = $2 AND c <> $1",
		"plain/b.sql:1  [x]: SELECT ':no', a::text, b[1:n] FROM t WHERE x = $1 AND y <@ z AND @ d > 1",
		"plain/b.sql:3  [ ids]: DELETE FROM t WHERE id IN ($2) AND $1 > 0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if w.Seen.Statements != 4 || w.Seen.LeftOut != 2 || w.Seen.Source != "folder" {
		t.Errorf("%+v", w.Seen)
	}
}

func TestFolderMistakesNameTheirPlace(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"SELECT 1;\nSELECT 'x", "q.sql:2: "},
		{"\n-- name: A :one\nSELECT sqlc.arg();", `q.sql:3: sqlc. without a call of one argument; write $1, @name`},
		{"SELECT sqlc.thing(a)", "q.sql:1: sqlc.thing is not known; "},
		{"SELECT sqlc.arg(1)", "q.sql:1: sqlc.arg has the argument 1, expected a name; "},
		{"-- name: A :one\nSELECT 1;\n\n-- name: A :many\nSELECT 2", "q.sql:5: the name A is taken by q.sql:2; "},
		{"SELECT 1;\n\n-- name: A :all\nSELECT 2", `q.sql:3: the query A has the command ":all"; expected one of :one, `},
		{"SELECT 1;\n-- name: Later :one\n", "q.sql:2: no statement follows the name Later; "},
		{"SELECT 1;\n\\d orders\n", `q.sql:2: \d is a command of psql, expected SQL; remove it`},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			_, err := FromFolder(folder(map[string]string{"q.sql": test.text}))
			var at *FileError
			if !errors.As(err, &at) || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// FuzzReadFile holds the reader to: no crash; a place inside of the file; names
// that are gone from the text; every placeholder counted.
func FuzzReadFile(f *testing.F) {
	for _, seed := range []string{
		"-- name: GetOrder :one\nSELECT * FROM orders WHERE id = @id;", "SELECT sqlc.arg('a'), sqlc.narg(b), sqlc.slice(c), sqlc.embed(d)",
		"SELECT $7, :a, b[1:n], @@x, <@y", "PREPARE x AS SELECT 1", "DECLARE c CURSOR FOR SELECT 1", "\\d", "SELECT $99999999999", "sqlc.", "@a",
		"INSERT INTO t SELECT extract($1 FROM x), interval $2, timestamp with time zone $3",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		found, _, err := readFile("q.sql", src)
		lines := 1 + strings.Count(string(src), "\n")
		var at *FileError
		if errors.As(err, &at) && (at.Line < 1 || at.Line > lines) {
			t.Fatalf("line %d of %d: %v", at.Line, lines, err)
		}
		for _, s := range found {
			if s.Line < 1 || s.Line > lines || s.SQL == "" {
				t.Fatalf("%+v", s)
			}
			again, names, err := numbered(s.SQL)
			if err != nil || again != s.SQL || len(names) > len(s.Parameters) {
				t.Fatalf("%q becomes %q with %q, had %q: %v", s.SQL, again, names, s.Parameters, err)
			}
			mendAll(s.SQL)
		}
	})
}

// mendAll tries every way in which a text is mended.
func mendAll(text string) {
	w := wording{text: text}
	for _, state := range []string{syntaxError, indeterminateParameter, ambiguousFunction, groupingError, "42P01"} {
		w.mend(&Failure{SQLState: state, Message: "parameter $1"})
	}
	bookkeeping(text)
	objectIn(text)
}
