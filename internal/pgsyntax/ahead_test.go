package pgsyntax_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

func TestReadAhead(t *testing.T) {
	t.Parallel()
	var texts [][]byte
	for i := range 200 {
		texts = append(texts, fmt.Appendf(nil, "CREATE TABLE t%d (a int); SELECT %d", i, i/2))
	}
	texts = append(texts, texts[0], []byte("SELECT 'no end"), []byte("SELEC 1"), nil)
	ahead := pgsyntax.ReadAhead(texts)
	for _, text := range append(texts, []byte("SELECT 'of no text before'")) {
		got, err := ahead.Read(text)
		want, wantErr := pgsyntax.Read(text)
		if len(got) != len(want) || !reflect.DeepEqual(err, wantErr) {
			t.Fatalf("%s: %d statements and %v, expected %d and %v", text, len(got), err, len(want), wantErr)
		}
		for i := range got {
			if got[i].Text != want[i].Text || !reflect.DeepEqual(got[i].Problem, want[i].Problem) || !pgsyntax.Same(got[i].Tree, want[i].Tree) {
				t.Errorf("%s: %q, expected %q", text, got[i].Text, want[i].Text)
			}
		}
	}
}

func TestReadAheadOfNothing(t *testing.T) {
	t.Parallel()
	for _, ahead := range []*pgsyntax.Ahead{nil, pgsyntax.ReadAhead(nil)} {
		if s, err := ahead.Read([]byte("SELECT 1")); err != nil || len(s) != 1 {
			t.Errorf("%v, %v", s, err)
		}
	}
}
