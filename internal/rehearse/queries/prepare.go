package queries

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// prepare has the server describe the statement, and tries again where the
// text lacks what the server needs: statistics replace every constant, also
// where the grammar or the analysis wants one.
func (d *describer) prepare(ctx context.Context, a *Described) (described, error) {
	w := wording{text: a.Statement.SQL}
	var raw described
	for {
		var err error
		a.Failure, err = d.attempt(ctx, a.Statement, func() (err error) {
			raw, err = parse(ctx, d.conn, w.text)
			return err
		})
		if err != nil {
			return described{}, err
		}
		if a.Failure == nil || !w.mend(a.Failure) {
			break
		}
	}
	a.Tried, a.Constants = w.text, w.constants
	for n := range raw.parameters {
		a.Parameters = append(a.Parameters, Parameter{Assumed: slices.Contains(w.assumed, n+1)})
	}
	return raw, nil
}

// wording is the text of a statement and what was done to it.
type wording struct {
	text      string
	repaired  bool
	assumed   []int // parameters that were made text
	constants bool
}

// SQLSTATEs that tell what a text lacks. Source: the manual's appendix
// "PostgreSQL Error Codes".
const (
	syntaxError            = "42601"
	indeterminateParameter = "42P18"
	indeterminateType      = "42P38"
	ambiguousFunction      = "42725"
	groupingError          = "42803"
	invalidColumnReference = "42P10"
	insufficientPrivilege  = "42501"
)

// mend changes the text by what the server said, and reports whether there was
// something to change.
func (w *wording) mend(f *Failure) bool {
	switch f.SQLState {
	case syntaxError:
		return w.repair()
	case indeterminateParameter, indeterminateType, ambiguousFunction:
		return w.assume(f.Message)
	case groupingError, invalidColumnReference:
		return w.replaceAll()
	default:
		return false
	}
}

// repair spells constants with a type in front, whose value the statistics have
// replaced, as casts: INTERVAL $1, EXTRACT($1 FROM x).
func (w *wording) repair() bool {
	if w.repaired {
		return false
	}
	w.repaired = true
	tokens := tokensOf(w.text)
	edits := questioned(tokens)
	for i, t := range tokens {
		if _, ok := placeholder(t); !ok || i == 0 {
			continue
		}
		if from := typeBefore(tokens, i); from < i {
			typeName := w.text[tokens[from].Offset : tokens[i-1].Offset+len(tokens[i-1].Text)]
			edits = append(edits, edit{tokens[from].Offset, t.Offset + len(t.Text), "CAST(" + t.Text + " AS " + typeName + ")"})
		}
		if i > 1 && i+1 < len(tokens) && tokens[i-1].Symbol("(") && tokens[i-2].Is("EXTRACT") && tokens[i+1].Is("FROM") {
			edits = append(edits,
				edit{tokens[i-2].Offset, tokens[i-2].Offset + len("EXTRACT"), "pg_catalog.date_part"},
				edit{tokens[i+1].Offset, tokens[i+1].Offset + len("FROM"), ","})
		}
	}
	w.text = edited(w.text, edits)
	return len(edits) > 0
}

// questioned numbers the parameters of a text that has ? for each and no $n. The
// operator ? of jsonb is never refused by the grammar, so it is not met here.
func questioned(tokens []sqlscan.Token) (edits []edit) {
	for _, t := range tokens {
		if _, ok := placeholder(t); ok {
			return nil
		}
		if t.Symbol("?") {
			edits = append(edits, edit{t.Offset, t.Offset + 1, "$" + strconv.Itoa(len(edits)+1)})
		}
	}
	return edits
}

// typeBefore returns where the type's name begins that stands right before
// token i, or i when none does.
func typeBefore(tokens []sqlscan.Token, i int) int {
	typed := []string{
		"INTERVAL", "DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIME", "TIMETZ", "UUID", "INET", "CIDR", "JSON", "JSONB",
		"TEXT", "VARCHAR", "NUMERIC", "DECIMAL", "INTEGER", "INT", "BIGINT", "SMALLINT", "REAL", "FLOAT", "BOOLEAN",
		"BOOL", "BYTEA", "POINT", "BOX", "MONEY", "REGCLASS", "BIT",
	}
	from := i - 1
	if from >= 3 && tokens[from].Is("ZONE") && tokens[from-1].Is("TIME") {
		from -= 3 // TIMESTAMP WITH TIME ZONE
	}
	if slices.ContainsFunc(typed, tokens[from].Is) {
		return from
	}
	return i
}

var numberedInMessage = regexp.MustCompile(`\$(\d+)`)

// assume makes the parameter text that the message names, or every one.
func (w *wording) assume(message string) bool {
	only, assumed := 0, w.assumed
	if m := numberedInMessage.FindStringSubmatch(message); m != nil {
		only, _ = strconv.Atoi(m[1])
	}
	var edits []edit
	for _, t := range tokensOf(w.text) {
		n, ok := placeholder(t)
		if !ok || only != 0 && n != only || slices.Contains(w.assumed, n) {
			continue
		}
		edits = append(edits, edit{t.Offset, t.Offset + len(t.Text), "(" + t.Text + "::text)"})
		assumed = append(assumed, n) // the same $n may stand more than once
	}
	w.text, w.assumed = edited(w.text, edits), assumed
	return len(edits) > 0
}

// replaceAll puts NULL in the place of every parameter and string. The
// statistics make date_trunc($1, x) of what GROUP BY date_trunc('day', x) names:
// another expression; with NULL they are the same again.
func (w *wording) replaceAll() bool {
	if w.constants {
		return false
	}
	w.constants = true
	var edits []edit
	for _, t := range tokensOf(w.text) {
		if _, ok := placeholder(t); ok || t.Kind == sqlscan.String {
			edits = append(edits, edit{t.Offset, t.Offset + len(t.Text), "NULL"})
		}
	}
	w.text = edited(w.text, edits)
	return len(edits) > 0
}

// types asks for the names of all types once.
func (d *describer) types(ctx context.Context, raw []described) (map[oidType]Type, error) {
	types := map[oidType]Type{}
	var list []string
	for _, r := range raw {
		for _, t := range slices.Concat(r.parameters, r.columns) {
			if _, known := types[t]; !known {
				types[t] = Type{}
				list = append(list, fmt.Sprintf("(%d::oid,%d)", t.oid, t.modifier))
			}
		}
	}
	if len(list) == 0 {
		return types, nil
	}
	rows, err := d.conn.QueryContext(ctx, typeQuery(list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key oidType
		var t Type
		var labels string
		if err := rows.Scan(&key.oid, &key.modifier, &t.Name, &t.Base, &labels); err != nil {
			return nil, err
		}
		if labels != "" {
			t.Labels = strings.Split(labels, "\n")
		}
		types[key] = t
	}
	return types, rows.Err()
}

// typeQuery spells every type that is not built in with its schema.
func typeQuery(list []string) string {
	return `WITH asked (oid, modifier) AS (VALUES ` + strings.Join(list, ",") + `),
		path AS MATERIALIZED (SELECT set_config('search_path', 'pg_catalog', true))
		SELECT a.oid::bigint, a.modifier, format_type(a.oid, a.modifier), format_type(a.oid, -1),
			coalesce((SELECT string_agg(e.enumlabel, E'\n' ORDER BY e.enumsortorder)
				FROM pg_enum e, pg_type t WHERE t.oid = a.oid AND e.enumtypid IN (t.oid, t.typelem)), '')
		FROM path, asked a`
}

// fill spells the types.
func (a *Described) fill(raw described, types map[oidType]Type) {
	if a.Failure != nil {
		a.Parameters = nil
		return
	}
	for i, p := range raw.parameters {
		a.Parameters[i].Type = types[p]
	}
	for i, c := range raw.columns {
		a.Columns = append(a.Columns, Column{raw.names[i], types[c]})
	}
}
