package pgrule

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/plans"
)

// matrix are the rows of the rule matrix, without T11: what is open on a target
// no file shows.
func matrix() []string {
	return strings.Fields(`
		PG-L01 PG-L02 PG-L03 PG-L04 PG-L05 PG-L06 PG-L07 PG-L08 PG-L09 PG-L10 PG-C01 PG-B01
		PG-L20 PG-L21 PG-L22 PG-L23 PG-L24 PG-L25 PG-L26 PG-L27 PG-C10 PG-C11 PG-L28 PG-N01 PG-L29 PG-L30
		PG-L40 PG-L41 PG-L42 PG-L43 PG-L44 PG-L45 PG-L46 PG-L47 PG-T05 PG-L48 PG-L49 PG-N02 PG-N03 PG-L50
		PG-L60 PG-L61 PG-T01 PG-L62 PG-L63 PG-L64 PG-L65 PG-L66 PG-N04 PG-N05 PG-L67 PG-R01
		PG-T10 PG-C20 PG-C21 PG-C22 PG-L70 PG-L71 PG-C23 PG-L72 PG-B02
		PG-L80 PG-L81 PG-C30 PG-L82 PG-L83 PG-L84 PG-L85 PG-L86 PG-C31 PG-L87 PG-C32
		PG-L90 PG-L91 PG-C40 PG-C41 PG-R10 PG-R11 PG-R12 PG-R13 PG-R14 PG-C42 PG-T20
		PG-T02 PG-T03 PG-T04 PG-T06 PG-T07 PG-T08 PG-T09 PG-T12 PG-T13 PG-T14
		PG-D01 PG-D02 PG-D03 PG-D04 PG-B03`)
}

// beyond are hazards that no row has; D05 is D01's other half.
func beyond() []string { return []string{"PG-D05", "PG-L88", "PG-R15", "PG-C33"} }

// asked are the rules that only count when a project asks for them: what is a
// matter of taste, what Lockstep does itself when it runs a file, and what is
// true of almost every change.
func asked() []string {
	return []string{
		"add-column-json", "prefer-type", "naming", "multiple-alter-table", "rerunnable", "missing-lock-timeout", "missing-statement-timeout",
		"cached-plan-result-type", "enum-value-removal", "wal-volume",
	}
}

func TestNoRuleOfTheMatrixIsMissing(t *testing.T) {
	t.Parallel()
	var have []string
	for _, r := range All() {
		if f := r.Family(); f != "S" && f != "F" && !slices.Contains(beyond(), r.ID) {
			have = append(have, r.ID)
		}
	}
	want := matrix()
	slices.Sort(have)
	slices.Sort(want)
	if len(want) != 98 || !slices.Equal(have, want) {
		for _, id := range want {
			if !slices.Contains(have, id) {
				t.Errorf("%s is missing", id)
			}
		}
		t.Errorf("%d rules for the %d rows of the matrix", len(have), len(want))
	}
}

func TestCodesAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range All() {
		for _, name := range []string{r.Code, r.ID} {
			if seen[name] {
				t.Errorf("%s occurs twice", name)
			}
			seen[name] = true
			if found, ok := Find(name); !ok || found.Code != r.Code {
				t.Errorf("Find(%q) gives %q", name, found.Code)
			}
		}
	}
	if r, ok := Find("no-such-code"); ok {
		t.Errorf("found %s", r.Code)
	}
}

// TestCodesThatExist: what files say nolint to today keeps its name.
func TestCodesThatExist(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		"mixed-transaction", "index-if-not-exists", "new-enum-value", "transaction-control", "alter-system", "unreadable-statement",
		"server-access", "copy-program", "copy-stdin", "unnamed-index", "session-setting", "no-way-back",
	} {
		if _, ok := Find(code); !ok {
			t.Errorf("%s has no rule", code)
		}
	}
}

func TestEntriesAreComplete(t *testing.T) {
	t.Parallel()
	code := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	id := regexp.MustCompile(`^PG-[LTCDRNSFB]\d\d$`)
	sentence := regexp.MustCompile(`^(?s)\S.*[^.]\.$`)
	for _, r := range All() {
		for what, ok := range map[string]bool{
			"code":          code.MatchString(r.Code),
			"ID":            id.MatchString(r.ID),
			"severity":      slices.Contains([]plans.Severity{plans.SeverityError, plans.SeverityWarning, plans.SeverityInfo}, r.Severity),
			"title":         sentence.MatchString(r.Title) && sentences(r.Title) == 1,
			"why":           sentence.MatchString(r.Why) && sentences(r.Why) == 2,
			"alternative":   strings.TrimSpace(r.Instead) != "",
			"verdict":       slices.Contains([]Verdict{Expand, Contract, Data, Neutral, Split, Ask}, r.Verdict),
			"who must look": len(r.Look) > 0 && !slices.ContainsFunc(r.Look, func(role Role) bool { return !slices.Contains([]Role{DBA, Security, Release}, role) }),
			"versions":      r.Since >= 0 && (r.Until == 0 || r.Until >= r.Since) && r.Since <= 18 && r.Until <= 18,
			"off":           r.Off == slices.Contains(asked(), r.Code),
		} {
			if !ok {
				t.Errorf("%s (%s): the %s is not right: %+v", r.Code, r.ID, what, r)
			}
		}
	}
}

// sentences counts full stops that end a sentence.
func sentences(s string) int {
	return len(regexp.MustCompile(`[^.]\.( [A-Z"A-Za-z]|$)`).FindAllString(s, -1))
}

func TestManualPages(t *testing.T) {
	t.Parallel()
	page := regexp.MustCompile(`^[a-z0-9-]+\.html$`)
	anchor := regexp.MustCompile(`^([A-Z0-9-]+)?$`)
	for _, r := range All() {
		if r.Code == "no-way-back" && r.Manual == "" {
			continue // no page of PostgreSQL's manual is about down files
		}
		u, err := url.Parse(r.Manual)
		if err != nil {
			t.Errorf("%s: %v", r.Code, err)
			continue
		}
		name, found := strings.CutPrefix(u.Path, "/docs/current/")
		if u.Scheme != "https" || u.Host != "www.postgresql.org" || !found || !page.MatchString(name) || !anchor.MatchString(u.Fragment) || u.RawQuery != "" {
			t.Errorf("%s: %s is no page of the manual", r.Code, r.Manual)
		}
	}
}

// TestAlternativesAreSQL: what a reader copies is what PostgreSQL's grammar
// takes, also where names have to be quoted.
func TestAlternativesAreSQL(t *testing.T) {
	t.Parallel()
	for _, names := range []Names{
		{Table: "orders", Column: "state", Name: "orders_state", Type: "order_state", Other: "customers"},
		{Table: `shop."Order Lines"`, Column: `"from"`, Name: `"Orders | state"`, Type: `shop."State"`, Other: `shop."C"`, Moved: `shop."O"`},
	} {
		for _, r := range All() {
			filled := names
			filled.Definition, filled.Default, filled.Statement = definitionFor(r.Code, names.Column), defaultFor(r.Code), "ALTER TABLE t ADD COLUMN c int"
			switch {
			case strings.Contains(r.Code, "enum") || r.Code == "rename-type":
				filled.Other = "'old'"
			case r.Code == "security-definer", r.Code == "search-path-maintenance":
				filled.Other = "shop"
			case r.Code == "reindex":
				filled.Type = "TABLE"
			}
			sql := r.Fill(filled)
			if left := regexp.MustCompile(`\{\w*\}`).FindString(sql); left != "" {
				t.Errorf("%s: %s is not filled", r.Code, left)
			}
			statements, err := pgsyntax.Read([]byte(sql))
			if err != nil || len(statements) == 0 {
				t.Errorf("%s: %d statements, %v in\n%s", r.Code, len(statements), err, sql)
			}
			for _, s := range statements {
				if s.Tree == nil {
					t.Errorf("%s: %v in\n%s", r.Code, s.Problem, s.Text)
				}
			}
			if end := bytes.TrimRight([]byte(sql[strings.LastIndex(sql, "\n")+1:]), " "); !bytes.HasPrefix(end, []byte("--")) && !bytes.Contains(end, []byte(";")) {
				t.Errorf("%s: the last statement has no end:\n%s", r.Code, sql)
			}
		}
	}
}

// definitionFor is what {definition} stands for in a rule.
func definitionFor(code, column string) string {
	switch code {
	case "create-partition-of", "attach-partition":
		return "FOR VALUES FROM (100) TO (200)"
	case "add-exclusion":
		return "EXCLUDE USING gist (c WITH &&)"
	case "alter-type-view-dependency", "replace-view":
		return "SELECT 1 AS c"
	case "add-column-inline-unique":
		return "UNIQUE"
	case "domain-add-check":
		return "CHECK (VALUE > 0)"
	case "add-column-inline-fk", "add-column-inline-fk-default", "add-fk-validated", "fk-not-valid-on-partitioned", "create-table-with-fk":
		return "FOREIGN KEY (" + column + ") REFERENCES other_table"
	}
	return "CHECK (true)"
}

// defaultFor is what {default} stands for in a rule.
func defaultFor(code string) string {
	switch code {
	case "rename-type", "enum-add-value-order", "new-enum-value":
		return "'new_value'"
	case "enum-value-removal":
		return "('a'), ('b')"
	case "attach-partition":
		return "c IS NOT NULL AND c >= 100 AND c < 200"
	}
	return "1"
}

func TestFillSpellsNamesAsTheyAreNeeded(t *testing.T) {
	t.Parallel()
	for instead, want := range map[string]string{
		"setval(f('{table}', '{column}'))": `setval(f('"o''s"', 'from'))`,
		"DROP TABLE {moved}":               "DROP TABLE n",
	} {
		if got := (Rule{Instead: instead}).Fill(Names{Table: `"o's"`, Column: `"from"`, Name: "n"}); got != want {
			t.Errorf("%s: got %s, want %s", instead, got, want)
		}
	}
	if got := (Rule{Instead: "{table}"}).Fill(Names{Table: "t", Whole: "SELECT 1;"}); got != "SELECT 1;" {
		t.Errorf("got %s", got)
	}
}

func TestFillLeavesWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	r := Rule{Instead: "ALTER TABLE {table} ADD {column} {type};"}
	if got := r.Fill(Names{Table: "{column}", Type: "text"}); got != "ALTER TABLE {column} ADD {column} text;" {
		t.Errorf("got %q", got)
	}
}

func TestHolds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rule  Rule
		major int
		want  bool
	}{
		{Rule{}, 11, true},
		{Rule{}, 0, true},
		{Rule{Since: 17}, 16, false},
		{Rule{Since: 17}, 17, true},
		{Rule{Since: 17}, 0, true},
		{Rule{Until: 17}, 17, true},
		{Rule{Until: 17}, 18, false},
	} {
		if got := test.rule.Holds(test.major); got != test.want {
			t.Errorf("%d to %d on %d: %v", test.rule.Since, test.rule.Until, test.major, got)
		}
	}
}

// TestAllIsAFreshList: who changes what All returns changes nothing for others.
func TestAllIsAFreshList(t *testing.T) {
	t.Parallel()
	first := All()
	first[0].Code, first[0].Look[0] = "changed", Security
	if again := All()[0]; again.Code == "changed" || again.Look[0] == Security {
		t.Error("the register can be changed from outside")
	}
}
