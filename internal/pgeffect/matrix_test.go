package pgeffect_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// row is one case of the measured table.
type row struct {
	name, statement string
	results         map[int]string // by major version, as written
}

// readMatrix reads testdata/pg-locks.md.
func readMatrix(t *testing.T) []row {
	t.Helper()
	text, err := os.ReadFile("testdata/pg-locks.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) != 5 || !strings.HasPrefix(cells[0], "| ") || cells[0] == "| case" {
			continue
		}
		r := row{strings.TrimPrefix(cells[0], "| "), strings.Trim(cells[1], "`"), map[int]string{}}
		for _, part := range strings.Split(cells[2], "<br>") {
			versions, result, found := strings.Cut(part, ": ")
			if !found {
				t.Fatalf("%s: no versions in %q", r.name, part)
			}
			for _, v := range versionsIn(t, versions) {
				r.results[v] = result
			}
		}
		rows = append(rows, r)
	}
	return rows
}

func versionsIn(t *testing.T, text string) []int {
	t.Helper()
	var all []int
	for _, part := range strings.Split(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err != nil || err2 != nil {
			t.Fatalf("versions %q", text)
		}
		for v := from; v <= to; v++ {
			all = append(all, v)
		}
	}
	return all
}

// replay applies SQL to a schema.
func replay(t *testing.T, s *pgschema.Schema, sql string) {
	t.Helper()
	statements, err := pgsyntax.Read([]byte(sql))
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range statements {
		s.Apply(st)
	}
}

func baseSchema(t *testing.T) *pgschema.Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/pg-locks-base.sql")
	if err != nil {
		t.Fatal(err)
	}
	s := pgschema.New()
	replay(t, s, string(text))
	for _, u := range s.Unsure {
		t.Errorf("the base schema, line %d: %s", u.Line, u.Reason)
	}
	return s
}

// setUps are the statements that a row was measured after.
func setUps() map[string]string {
	return map[string]string{
		"domain_validate":    "ALTER DOMAIN plainint ADD CONSTRAINT x CHECK (VALUE > 0) NOT VALID",
		"drop_expression":    "CREATE TABLE gens (id int, g int GENERATED ALWAYS AS (id * 2) STORED)",
		"enum_add_value_use": "ALTER TYPE mood ADD VALUE 'c'",
		"validate_notnull":   "ALTER TABLE t ADD CONSTRAINT a_nn NOT NULL a NOT VALID",
		"two_tables_ddl":     "ALTER TABLE t ADD COLUMN x1 int",
	}
}

// work is what was measured or is expected: relation to mode, and names.
type work struct {
	locks           map[string]string
	rewrites, scans []string
	sampled         bool
}

var lockGroup = regexp.MustCompile(`\b(AX|X|SRX|S|SUX|RX|RS|AS)~?:([^ ]+)`)

// parseResult reads "AX:t,+8idx RX:s1 RW[t,+8idx] SCAN[t]".
func parseResult(t *testing.T, s *pgschema.Schema, result string) work {
	t.Helper()
	names := map[string]string{
		"AX": "AccessExclusiveLock", "X": "ExclusiveLock", "SRX": "ShareRowExclusiveLock", "S": "ShareLock",
		"SUX": "ShareUpdateExclusiveLock", "RX": "RowExclusiveLock", "RS": "RowShareLock", "AS": "AccessShareLock",
	}
	w := work{locks: map[string]string{}, sampled: strings.Contains(result, "~")}
	w.rewrites = expand(t, s, list(result, "RW["), nil)
	w.scans = list(result, "SCAN[")
	for _, m := range lockGroup.FindAllStringSubmatch(result, -1) {
		for _, n := range expand(t, s, strings.Split(m[2], ","), w.rewrites) {
			w.locks[n] = names[m[1]]
		}
	}
	return w
}

func list(result, label string) []string {
	_, rest, found := strings.Cut(result, " "+label)
	if strings.HasPrefix(result, label) {
		rest, found = result[len(label):], true
	}
	if !found {
		return nil
	}
	inside, _, _ := strings.Cut(rest, "]")
	return strings.Split(inside, ",")
}

// expand replaces "+8idx" by the indexes of the tables beside it; where they
// are less than all, by those that were written anew.
func expand(t *testing.T, s *pgschema.Schema, names, _ []string) []string {
	t.Helper()
	var all []string
	for _, n := range names {
		count, isShort := strings.CutSuffix(strings.TrimPrefix(n, "+"), "idx")
		if !isShort || !strings.HasPrefix(n, "+") {
			if !strings.HasPrefix(n, "new:") && n != "evlog" {
				all = append(all, n)
			}
			continue
		}
		all = append(all, shorthand(t, s, names, count)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func shorthand(t *testing.T, s *pgschema.Schema, names []string, count string) []string {
	t.Helper()
	want, err := strconv.Atoi(count)
	if err != nil {
		t.Fatal(err)
	}
	tables := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return s.Tables[nameOf(n)] == nil })
	if !slices.Contains(tables, "t") && want <= 8 {
		tables = []string{"t"}
	}
	var all []string
	for _, only := range [][]string{{"t"}, tables} {
		all = nil
		for _, table := range only {
			for _, i := range s.IndexesOf(nameOf(table)) {
				all = append(all, i.Name.String())
			}
		}
		if len(all) == want {
			return all
		}
	}
	if want == 7 { // all but the one on the column that changes
		return slices.DeleteFunc(shorthand(t, s, names, "8"), func(n string) bool { return n == "t_v_idx" })
	}
	t.Fatalf("+%sidx stands for %d indexes: %v", count, len(all), all)
	return nil
}

func nameOf(n string) pgschema.Name {
	return pgschema.NameOfParts(strings.Split(n, "."))
}

func predicted(e pgeffect.Effect) work {
	w := work{locks: map[string]string{}, rewrites: e.Rewrites, scans: e.Scans}
	for _, l := range e.Locks {
		w.locks[l.Relation] = l.Mode
	}
	return w
}

// emptyTables hold no rows in the base schema: a scan of one reads no tuples,
// which is what was measured.
func emptyTables() []string {
	return []string{"partd_new", "partd_1", "hp0", "hp1", "inh", "inh2", "sc2.z", "gens"}
}

// compare returns what differs, one line each.
func compare(s *pgschema.Schema, measured, rule work) []string {
	var all []string
	isIndex := func(n string) bool { return s.Indexes[nameOf(n)] != nil }
	for n, m := range measured.locks {
		if isIndex(n) && m == "AccessShareLock" {
			continue // left out by the rules, see the package comment
		}
		if rule.locks[n] != m && (!measured.sampled || !covers(rule.locks[n], m)) {
			all = append(all, fmt.Sprintf("%s: measured %s, rule says %q", n, m, rule.locks[n]))
		}
	}
	for n, m := range rule.locks {
		if measured.locks[n] == "" && !measured.sampled {
			all = append(all, fmt.Sprintf("%s: rule says %s, nothing measured", n, m))
		}
	}
	if !measured.sampled {
		all = append(all, difference("scan", measured.scans, rule.scans)...)
	}
	if !measured.sampled || len(measured.rewrites) > 0 {
		all = append(all, difference("rewrite", measured.rewrites, rule.rewrites)...)
	}
	slices.Sort(all)
	return all
}

// covers reports whether a lock is at least as strong as one that was seen by
// sampling, which may have missed a stronger one.
func covers(rule, seen string) bool {
	order := []string{
		"", "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock",
		"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
	}
	return slices.Index(order, rule) >= slices.Index(order, seen)
}

func difference(what string, measured, rule []string) []string {
	var all []string
	for _, n := range measured {
		if !slices.Contains(rule, n) {
			all = append(all, what+" of "+n+" was measured, the rule has none")
		}
	}
	for _, n := range rule {
		if !slices.Contains(measured, n) && (what != "scan" || !slices.Contains(emptyTables(), n)) {
			all = append(all, what+" of "+n+" by rule, none was measured")
		}
	}
	return all
}

// count is what the comparison came to.
type count struct {
	rows, versions, agree, sampled, refused, exceptions int
}

func TestRulesAgreeWithMeasurements(t *testing.T) {
	t.Parallel()
	excused := exceptions()
	used := map[string]bool{}
	var n count
	for _, r := range readMatrix(t) {
		n.rows++
		schema := baseSchema(t)
		for major := 11; major <= 18; major++ {
			result, measured := r.results[major]
			switch {
			case !measured:
			case strings.HasPrefix(result, "ERR "):
				n.refused++
			default:
				n.versions++
				check(t, &n, verdict{r, major, result, schema}, excused, used)
			}
		}
	}
	for key := range excused {
		if !used[key] {
			t.Errorf("exception %s is none any more: take it out", key)
		}
	}
	t.Logf("%d rows; %d results on versions compared, %d agree (%d of them sampled: nothing seen that the rule does not cover), %d exceptions; %d results are errors of the server",
		n.rows, n.versions, n.agree, n.sampled, n.exceptions, n.refused)
}

type verdict struct {
	row
	major  int
	result string
	base   *pgschema.Schema
}

func check(t *testing.T, n *count, v verdict, excused map[string]string, used map[string]bool) {
	t.Helper()
	measured := parseResult(t, v.base, v.result)
	schema := v.base
	if setUp := setUps()[v.name]; setUp != "" {
		schema = baseSchema(t)
		replay(t, schema, setUp)
	}
	statements, err := pgsyntax.Read([]byte(v.statement))
	if err != nil || len(statements) != 1 {
		t.Fatalf("%s: %d statements, %v", v.name, len(statements), err)
	}
	e := pgeffect.Of(statements[0], schema, pgeffect.Server{Major: v.major, UTC: true})
	differences := compare(schema, measured, predicted(e))
	key := exceptionOf(excused, v.name, v.major)
	switch {
	case len(differences) == 0 && key == "":
		n.agree++
		if measured.sampled {
			n.sampled++
		}
	case len(differences) == 0:
		t.Errorf("%s on %d agrees: its exception %s is none any more", v.name, v.major, key)
	case key != "":
		n.exceptions++
		used[key] = true
	default:
		t.Errorf("%s on %d: %s\n\tmeasured %s\n\t%s\n\tunknown: %v", v.name, v.major, v.statement, v.result,
			strings.Join(differences, "\n\t"), e.Unknown)
	}
}

// exceptionOf finds "name" or "name 11-12".
func exceptionOf(excused map[string]string, name string, major int) string {
	for key := range excused {
		rowName, versions, limited := strings.Cut(key, " ")
		if rowName != name {
			continue
		}
		if !limited {
			return key
		}
		first, last, _ := strings.Cut(versions, "-")
		from, _ := strconv.Atoi(first)
		to, _ := strconv.Atoi(last)
		if major >= from && major <= max(from, to) {
			return key
		}
	}
	return ""
}
