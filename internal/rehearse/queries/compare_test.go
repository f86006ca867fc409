package queries

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func answer(columns ...Column) Described {
	return Described{
		Statement: Statement{SQL: "SELECT *\n  FROM t", Name: "42", Usage: Usage{Calls: 40, Time: 8 * time.Second, Days: 4}},
		Columns:   columns, Planned: true,
	}
}

func column(name, base string) Column {
	return Column{name, Type{Name: base, Base: base}}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	index := func(names ...string) Described {
		d := answer()
		for _, n := range names {
			d.Indexes = append(d.Indexes, Index{Name: "s." + n, Definition: "ON s.t USING btree (" + n + ")"})
		}
		return d
	}
	parameter := func(base string, labels ...string) Described {
		d := answer()
		d.Parameters = []Parameter{{Type: Type{base, base, labels}}}
		return d
	}
	nested := func(d Described) Described { d.Statement.Nested = true; return d }
	tests := []struct {
		name          string
		before, after Described
		want          string // the summary, "" for no break
		kind          Kind
		contract      bool
	}{
		{"nothing", answer(column("a", "text")), answer(column("a", "text")), "", "", false},
		{"column behind", answer(column("a", "text")), answer(column("a", "text"), column("b", "text")), `"SELECT * FROM t" returns the columns (a, b) instead of (a); a connection that has it prepared fails once with "cached plan must not change result type"; 10 calls and 2s a day (measured)`, ResultColumns, false},
		{"column between", answer(column("a", "text"), column("c", "text")), answer(column("a", "text"), column("b", "text"), column("c", "text")), "returns the columns (a, b, c)", ResultColumns, true},
		{"columns in a function", nested(answer(column("a", "text"))), nested(answer()), "", "", false},
		{"twice the same name", answer(column("id", "integer"), column("id", "text")), answer(column("id", "integer"), column("id", "bigint")), "returns id as bigint instead of text", ResultType, true},
		{"same family", answer(column("a", "character varying")), answer(column("a", "text")), "returns a as text instead of character varying", ResultType, false},
		{"other family", answer(column("a", "integer")), answer(column("a", "text")), "returns a as text instead of integer", ResultType, true},
		{"wider parameter", parameter("integer"), parameter("bigint"), "takes $1 as bigint instead of integer", ParameterType, false},
		{"narrower parameter", parameter("bigint"), parameter("integer"), "takes $1 as integer instead of bigint", ParameterType, true},
		{"label more", parameter("m", "x"), parameter("m", "x", "y"), "", "", false},
		{"label less", parameter("m", "x", "y"), parameter("m", "y"), "uses the enum value m 'x', which is gone", EnumLabels, true},
		{"index gone", index("a"), index(), `used the index s.a and uses none now`, LosesIndex, true},
		{"another index", index("a"), index("b"), "used the index s.a and uses s.b ON s.t USING btree (b) now", OtherIndex, false},
		{"one of two gone", index("a", "b"), index("b"), "used the index s.a and uses none now", LosesIndex, true},
		{"an index more", index("a"), index("a", "b"), "", "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			breaks := Compare([]Described{test.before}, []Described{test.after})
			if test.want == "" {
				if len(breaks) != 0 {
					t.Errorf("got %+v", breaks)
				}
				return
			}
			if len(breaks) != 1 {
				t.Fatalf("got %+v", breaks)
			}
			b := breaks[0]
			if !strings.Contains(b.Summary, test.want) || b.Kind != test.kind || b.Contract != test.contract ||
				b.Source != "measured" || b.CallsPerDay != 10 || b.TimePerDay != 2*time.Second || b.Fix == "" || b.Where != "pg_stat_statements 42" {
				t.Errorf("got %+v", b)
			}
			if safe, reason := Verdict(breaks, []Described{test.before}, Seen{Source: "pg_stat_statements", Calls: 40, Days: 4}); safe == test.contract ||
				!strings.HasSuffix(reason, "Seen in pg_stat_statements: 1 statement, 40 calls in 4 days.") {
				t.Errorf("got %v %s", safe, reason)
			}
		})
	}
}

func TestVerdictSaysHowMuchWasSeen(t *testing.T) {
	t.Parallel()
	refused := Described{Failure: &Failure{SQLState: "42P01"}}
	tests := []struct {
		before []Described
		seen   Seen
		safe   bool
		want   string
	}{
		{nil, Seen{Source: "folder"}, false, "Nothing can be told from running statements, the rule stands: Seen in folder: 0 statements."},
		{[]Described{refused}, Seen{Source: "folder"}, false, "1 statement could not be tried: the server refuses them already without the migration."},
		{[]Described{{}, refused}, Seen{Source: "folder"}, true, "It is safe before the deployment as far as was seen: it breaks no statement for good; privileges and row security were not tried. Seen in folder: 1 statement. 1 statement could"},
		{[]Described{{}}, Seen{Source: "x", Calls: 3}, true, "1 statement, 3 calls since an unknown time."},
		{[]Described{{}}, Seen{Source: "x", Calls: 3, Days: 0.5, Forgotten: 2}, true, "3 calls in less than a day. The server threw rare statements away 2 times"},
	}
	for _, test := range tests {
		if safe, reason := Verdict(nil, test.before, test.seen); safe != test.safe || !strings.Contains(reason, test.want) {
			t.Errorf("got %v %s, want %s", safe, reason, test.want)
		}
	}
}

func TestSourcesAreJoined(t *testing.T) {
	t.Parallel()
	a := Workload{[]Statement{{SQL: "a"}}, Seen{Source: "pg_stat_statements", Statements: 1, Calls: 4, Days: 2, Hidden: 1, HiddenCalls: 9, Forgotten: 1}}
	b := Workload{[]Statement{{SQL: "b"}}, Seen{Source: "folder", Statements: 1, LeftOut: 3}}
	want := Workload{[]Statement{{SQL: "a"}, {SQL: "b"}}, Seen{
		Source: "pg_stat_statements and folder", Statements: 2, Calls: 4, Days: 2, Hidden: 1, HiddenCalls: 9, LeftOut: 3, Forgotten: 1,
	}}
	if got := a.And(b); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if got := (Workload{}).And(b); !reflect.DeepEqual(got, b) {
		t.Errorf("got %+v", got)
	}
}

// TestNothingChangedBreaksNothing holds for whatever a server may answer, and
// what a statement had before it failed never counts.
func TestNothingChangedBreaksNothing(t *testing.T) {
	t.Parallel()
	kind := rapid.Custom(func(t *rapid.T) Type {
		base := rapid.SampledFrom([]string{"integer", "text", "numeric", "public.mood"}).Draw(t, "base")
		if base == "public.mood" {
			return Type{base, base, []string{"x", "y"}}
		}
		return Type{base, base, nil}
	})
	answers := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Described {
		d := Described{Planned: rapid.Bool().Draw(t, "planned"), Constants: rapid.Bool().Draw(t, "constants")}
		for _, p := range rapid.SliceOfN(kind, 0, 3).Draw(t, "parameters") {
			d.Parameters = append(d.Parameters, Parameter{Type: p})
		}
		for _, c := range rapid.SliceOfN(kind, 0, 3).Draw(t, "columns") {
			d.Columns = append(d.Columns, Column{rapid.SampledFrom([]string{"id", "name"}).Draw(t, "name"), c})
		}
		for _, i := range rapid.SliceOfN(rapid.StringMatching("[ab]"), 0, 2).Draw(t, "indexes") {
			d.Indexes = append(d.Indexes, Index{Name: i, Definition: "ON t USING btree (" + i + ")"})
		}
		if rapid.Bool().Draw(t, "fails") {
			d.Failure = &Failure{SQLState: "42601"}
		}
		return d
	}))
	rapid.Check(t, func(t *rapid.T) {
		d := answers.Draw(t, "answers")
		if breaks := Compare(d, d); len(breaks) != 0 {
			t.Fatalf("got %+v", breaks)
		}
	})
}
