package sqlcheck

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// unseen names what a statement runs that is not read as SQL of the file: the code
// of DO, a procedure, a prepared statement, a function of a SELECT. Empty when
// everything is in view.
func unseen(s sqlscan.Statement) string {
	switch {
	case s.Starts("DO"), s.Starts("CALL"), s.Starts("EXECUTE"):
		return s.Words[0]
	case s.Starts("SELECT"), s.Starts("WITH"), s.Starts("VALUES"), s.Starts("EXPLAIN"):
		if function := calledFunction(s); function != "" {
			return function + "()"
		}
	}
	return ""
}

// calledFunction returns the first function that is called and not known to
// change nothing.
func calledFunction(s sqlscan.Statement) string {
	tokens := s.Tokens()
	for i := 0; i+1 < len(tokens); i++ {
		t := tokens[i]
		name := t.Name()
		if name == "" || !tokens[i+1].Symbol("(") || i > 0 && namesRelation(tokens[i-1]) {
			continue
		}
		if t.Kind == sqlscan.Quoted || !slices.Contains(harmless, name) {
			return name
		}
	}
	return ""
}

// namesRelation reports whether a parenthesis after the next word holds
// columns: INSERT INTO t (a), WITH t (a).
func namesRelation(before sqlscan.Token) bool {
	return before.Is("INTO") || before.Is("WITH") || before.Is("RECURSIVE") || before.Is("AS")
}

// harmless are keywords that stand before a parenthesis, and functions of
// PostgreSQL that change no table and run no text.
var harmless = []string{
	"all", "and", "any", "array", "as", "between", "by", "case", "distinct", "else", "except", "exists", "filter", "from",
	"group", "having", "in", "intersect", "is", "join", "lateral", "like", "limit", "materialized", "not", "offset", "on",
	"or", "order", "over", "row", "select", "some", "then", "union", "using", "values", "when", "where", "within",
	"abs", "avg", "bool_and", "bool_or", "cast", "ceil", "char_length", "clock_timestamp", "coalesce", "concat", "count",
	"currval", "date_trunc", "extract", "floor", "format", "generate_series", "greatest", "least", "length", "lower", "max",
	"md5", "min", "nextval", "now", "nullif", "octet_length", "pg_get_serial_sequence", "pg_sleep", "pg_advisory_xact_lock",
	"random", "regexp_replace", "replace", "round", "row_number", "set_config", "setval", "string_agg", "substring", "sum",
	"to_char", "to_date", "to_timestamp", "trim", "upper",
}

// findUnseen says which statements nobody can judge from the file.
func (d *direction) findUnseen(judged []judgement) {
	for i, j := range judged {
		if j.unseen == "" {
			continue
		}
		f := plans.Finding{
			Code: "unreadable-statement", Severity: plans.SeverityWarning, Line: d.statements[i].Line,
			Summary: fmt.Sprintf("what %s runs cannot be read; that it breaks nothing and loses nothing is assumed", j.unseen),
			Fix:     `write the statements themselves, or say what they do: "-- lockstep:phase expand REASON" (or contract)`,
		}
		if d.header.Phase != "" && d.header.PhaseReason != "" {
			f.Severity, f.Fix = plans.SeverityInfo, ""
			f.Detail = fmt.Sprintf("the author says %s: %s", d.header.Phase, d.header.PhaseReason)
		}
		d.report(f)
	}
}
