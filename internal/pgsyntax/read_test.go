package pgsyntax_test

import (
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

func TestReadKeepsWhatItKnows(t *testing.T) {
	t.Parallel()
	statements, err := pgsyntax.Read([]byte("CREATE TABLE a (x int);\n\\copy a from 'b'\nCREATE TABLE ö (b int, é int NOT NUL);\nDROP TABLE a;"))
	if err != nil {
		t.Fatal(err)
	}
	if len(statements) != 4 || statements[0].Tree.GetCreateStmt() == nil || statements[3].Tree.GetDropStmt() == nil {
		t.Fatalf("got %d statements: %+v", len(statements), statements)
	}
	want := pgsyntax.Error{Line: 3, Column: 34, Message: `syntax error at or near "NUL"`}
	if got := statements[2].Problem; got == nil || *got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
