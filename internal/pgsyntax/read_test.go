package pgsyntax_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// describe writes each statement as its place and the kind of its tree, or its
// problem.
func describe(statements []pgsyntax.Statement) []string {
	var all []string
	for _, s := range statements {
		what := strings.TrimPrefix(fmt.Sprintf("%T", s.Tree.GetNode()), "*pg_query.Node_")
		if s.Problem != nil {
			what = fmt.Sprintf("%d:%d %s", s.Problem.Line, s.Problem.Column, s.Problem.Message)
		}
		all = append(all, fmt.Sprintf("%d:%d %s", s.Line, s.Column, what))
	}
	return all
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"nothing":          {"", nil},
		"only comments":    {"-- a\n/* b */ ;; ;\n", nil},
		"empty statements": {";;SELECT 1;; ;\nSELECT 2;", []string{"1:3 SelectStmt", "2:1 SelectStmt"}},
		"no semicolon":     {"SELECT 1", []string{"1:1 SelectStmt"}},
		"line comment":     {"SELECT 1 -- a; b\n;SELECT 2", []string{"1:1 SelectStmt", "2:2 SelectStmt"}},
		"comment at end":   {"SELECT 1 -- a", []string{"1:1 SelectStmt"}},
		"nested comment":   {"/* a /* ; */ ; */ SELECT /* /* ; */ */ 1; SELECT 2", []string{"1:19 SelectStmt", "1:43 SelectStmt"}},
		"dollar quotes": {
			"DO $$ BEGIN; 'x END $$; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $b$ SELECT $$;$$ $b$; SELECT $1",
			[]string{"1:1 DoStmt", "1:25 CreateFunctionStmt", "1:95 SelectStmt"},
		},
		"body":             {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 3", []string{"1:1 CreateFunctionStmt", "1:71 SelectStmt"}},
		"rule":             {"CREATE RULE r AS ON INSERT TO a DO (DELETE FROM b; DELETE FROM c); SELECT 1", []string{"1:1 RuleStmt", "1:68 SelectStmt"}},
		"escapes":          {`SELECT E'a\';b', 'c\'; SELECT U&'\0441;', B'1', X'a', N'b'`, []string{"1:1 SelectStmt", "1:24 SelectStmt"}},
		"multi-byte":       {"SELECT 'ää';\n/* ö */ SELECT 'ü', é é é", []string{"1:1 SelectStmt", `2:9 2:25 syntax error at or near "é"`}},
		"astral":           {"SELECT '🙂🙂' a b", []string{`1:1 1:15 syntax error at or near "b"`}},
		"carriage returns": {"SELECT 1;\r\n-- a\r\nSELECT\r\n  2 3;\r\nSELECT 4;\r\n", []string{"1:1 SelectStmt", `3:1 4:5 syntax error at or near "3"`, "5:1 SelectStmt"}},
		"rows of COPY": {
			"COPY a FROM STDIN;\n1\t'it;s\n2\t$$\n\\.\nSELECT 1;\nCOPY a (b) FROM STDIN WITH (FORMAT csv);\n\"x\n",
			[]string{"1:1 CopyStmt", "5:1 SelectStmt", "6:1 CopyStmt"},
		},
		"commands of psql": {
			"\\set x 1\nSELECT 1 \\gset\n\\copy a FROM 'b;c'\nSELECT 2;",
			[]string{"1:1 1:1 a command of psql, not SQL", "2:1 SelectStmt", "2:10 2:10 a command of psql, not SQL", "3:1 3:1 a command of psql, not SQL", "4:1 SelectStmt"},
		},
		"end missing": {"CREATE TABLE a;\nSELECT 1", []string{"1:1 1:15 syntax error at end of input", "2:1 SelectStmt"}},
		"all wrong":   {"a; b\n; c", []string{`1:1 1:1 syntax error at or near "a"`, `1:4 1:4 syntax error at or near "b"`, `2:3 2:3 syntax error at or near "c"`}},
		"bad escape":  {`SELECT 1; SELECT 'a' || U&'\zz'; SELECT 2`, []string{"1:1 SelectStmt", "1:11 1:28 invalid Unicode escape", "1:34 SelectStmt"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			statements, err := pgsyntax.Read([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(statements); !slices.Equal(got, tt.want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

func TestReadReturnsErrorsOfSqlscan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"\xef\xbb\xbfSELECT 1":    "the file begins with a byte order mark",
		"SELECT 1; SELECT '":      "unterminated string",
		"SELECT \xff":             "byte 0xff is not UTF-8",
		"SELECT 1;\x00":           "a NUL byte",
		"CREATE TABLE a (b int\n": "parenthesis is never closed",
	} {
		statements, err := pgsyntax.Read([]byte(text))
		if e := (*sqlscan.Error)(nil); !errors.As(err, &e) || e.Problem != want || statements != nil {
			t.Errorf("%q: got %v, %v, want %s", text, statements, err, want)
		}
	}
}

// The statements are PostgreSQL 18's. One is refused where the error is; what
// is around it stands.
func TestReadOfNewerSyntax(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]pgsyntax.Error{
		"CREATE TABLE a (b int, c int GENERATED ALWAYS AS (b * 2) VIRTUAL)": {2, 58, `syntax error at or near "VIRTUAL"`},
		"ALTER TABLE a ADD CONSTRAINT b NOT NULL c NOT VALID":               {2, 32, `syntax error at or near "NOT"`},
		"ALTER TABLE a ALTER CONSTRAINT b NOT ENFORCED":                     {2, 38, `syntax error at or near "ENFORCED"`},
		"ALTER TABLE a ADD CONSTRAINT b CHECK (c > 0) NOT ENFORCED":         {2, 50, `syntax error at or near "ENFORCED"`},
		"CREATE TABLE a (b daterange, PRIMARY KEY (b WITHOUT OVERLAPS))":    {2, 45, `syntax error at or near "WITHOUT"`},
		"ALTER TABLE a ALTER CONSTRAINT b INHERIT":                          {2, 34, `syntax error at or near "INHERIT"`},
		"UPDATE a SET b = 1 RETURNING WITH (OLD AS o, NEW AS n) o.b, n.b":   {2, 30, `syntax error at or near "WITH"`},
	} {
		statements, err := pgsyntax.Read([]byte("SELECT 1;\n" + text + ";\nSELECT 2;"))
		if err != nil || len(statements) != 3 {
			t.Fatalf("%s: %d statements, %v", text, len(statements), err)
		}
		if statements[0].Tree == nil || statements[1].Tree != nil || statements[2].Tree == nil {
			t.Errorf("%s: not the second alone is refused: %q", text, describe(statements))
		}
		if got := statements[1].Problem; got == nil || *got != want {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	}
}

// Together and one by one, in whatever groups, a statement's tree is the same
// but for the locations, and those are at the same places.
func TestReadTogetherAndAlone(t *testing.T) {
	t.Parallel()
	text := string(thousand()) + "CREATE TABLE öé (a int,\n b numeric(3) DEFAULT 'ä');"
	for name, text := range map[string]string{"all known": text, "newer among them": "ALTER TABLE a ALTER CONSTRAINT b INHERIT;" + text} {
		statements, err := pgsyntax.Read([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range statements[len(statements)-20:] {
			alone, err := pgsyntax.Read([]byte(strings.Repeat("\n", s.Line-1) + strings.Repeat(" ", s.Column-1) + s.Text))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := places(s), places(alone[0]); !reflect.DeepEqual(got, want) || len(got) == 0 {
				t.Errorf("%s: %s: places %v, want %v", name, s.Text, got, want)
			}
		}
	}
}

func places(s pgsyntax.Statement) [][2]int {
	var all [][2]int
	pgsyntax.Walk(s.Tree, func(m proto.Message) {
		if located, ok := m.(interface{ GetLocation() int32 }); ok {
			line, column := s.Place(located.GetLocation())
			all = append(all, [2]int{line, column})
		}
	})
	return all
}

func TestPlace(t *testing.T) {
	t.Parallel()
	statements, err := pgsyntax.Read([]byte("SELECT 'ö';\r\n /*é*/ CREATE TABLE ä (b int,\n  é text, d int NOT NULL);"))
	if err != nil {
		t.Fatal(err)
	}
	create := statements[1]
	want := map[string][2]int{"b": {2, 24}, "é": {3, 3}, "d": {3, 11}}
	for _, e := range create.Tree.GetCreateStmt().GetTableElts() {
		column := e.GetColumnDef()
		if line, col := create.Place(column.GetLocation()); want[column.GetColname()] != [2]int{line, col} {
			t.Errorf("%s is at %d:%d", column.GetColname(), line, col)
		}
	}
	for _, nowhere := range []int32{-1, 1 << 20} {
		if line, column := create.Place(nowhere); line != 2 || column != 8 {
			t.Errorf("location %d is at %d:%d", nowhere, line, column)
		}
	}
}

func TestReadByManyAtOnce(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for j := range 20 {
				name := fmt.Sprintf("t_%d_%d", i, j)
				statements, err := pgsyntax.Read([]byte("SELECT 1; DROP wrong; CREATE TABLE " + name + " (a int)"))
				if err != nil || statements[2].Tree.GetCreateStmt().GetRelation().GetRelname() != name || statements[1].Problem == nil {
					t.Errorf("%s: %q, %v", name, describe(statements), err)
				}
			}
		})
	}
	group.Wait()
}
