package pgsyntax

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestGrammarVersion(t *testing.T) {
	t.Parallel()
	trees(t, "SELECT a FROM JSON_TABLE('[]', '$[*]' COLUMNS (a int))") // new in 17
	if name := fmt.Sprintf("%T", chosen); (Build() == "cgo") != (name == "pgsyntax.compiled") {
		t.Errorf("%s says that it is %s", name, Build())
	}
}

// Both builds of the grammar are held to one file: the trees and what is
// written of them are the same but for locations.
func TestTreesOfBothBuilds(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/statements.sql")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for _, s := range trees(t, string(text)) {
		written, err := Deparse(s.Tree)
		if err != nil {
			t.Fatalf("%s: %v", s.Text, err)
		}
		fmt.Fprintf(&got, "%s %s\n", hash(t, s.Tree), written)
	}
	const golden = "testdata/statements.golden"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s: got:\n%s\nwant:\n%s", golden, got.Bytes(), want)
	}
}

func hash(t *testing.T, tree *pg.Node) string {
	t.Helper()
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(unplaced(tree))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%.4x", sha256.Sum256(data))
}

// unplaced is a copy without locations.
func unplaced(m proto.Message) proto.Message {
	c := proto.Clone(m)
	Walk(c, func(part proto.Message) {
		if _, ok := part.(*pg.Node); ok {
			return // it holds another message and nothing else
		}
		m := part.ProtoReflect()
		fields := m.Descriptor().Fields()
		for i := range fields.Len() {
			if field := fields.Get(i); strings.HasSuffix(string(field.Name()), "location") || field.Name() == "stmt_len" {
				m.Clear(field)
			}
		}
	})
	return c
}
