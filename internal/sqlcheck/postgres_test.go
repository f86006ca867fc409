package sqlcheck_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// shop is what released code knows.
const shop = `CREATE TABLE orders (id bigint PRIMARY KEY, state text, n int DEFAULT 1, note varchar(10));
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint);`

func released(sql ...string) sqlcheck.History {
	var h sqlcheck.History
	for i, text := range append([]string{shop}, sql...) {
		h.Applied = append(h.Applied, sqlcheck.AppliedFile{SQLFile: plans.SQLFile{Path: "db/000" + string(rune('1'+i)) + "_x.up.sql", Bytes: []byte(text)}})
	}
	return h
}

func judged(t *testing.T, h sqlcheck.History, sql string) (sqlcheck.Verdict, []plans.Finding) {
	t.Helper()
	return sqlcheck.ForChangeSet(h, nil).File(file(sql))
}

func codesOf(findings []plans.Finding) string {
	var list []string
	for _, f := range findings {
		list = append(list, string(f.Severity)+" "+f.Code)
	}
	return strings.Join(list, ", ")
}

func TestPostgresVerdicts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sql      string
		class    plans.Class
		findings string
	}{
		{"ALTER TABLE orders ADD COLUMN total int", plans.ClassExpand, ""},
		{"ALTER TABLE orders DROP COLUMN state", plans.ClassContract, "warning drop-column"},
		{"CREATE INDEX orders_n ON orders (n)", plans.ClassExpand, "warning create-index"},
		{"CREATE TABLE t (a int); CREATE INDEX ON t (a); ALTER TABLE t ALTER a SET NOT NULL; DROP TABLE t", plans.ClassExpand, ""},
		{"ALTER TABLE orders RENAME COLUMN state TO status", plans.ClassSplit, "warning rename"},
		{"DO $$ BEGIN DELETE FROM orders; END $$", plans.ClassAsk, "warning unreadable-statement"},
		{"-- lockstep:phase expand it only makes a role\nDO $$ BEGIN CREATE ROLE r; END $$", plans.ClassExpand, "info unreadable-statement"},
		{"-- lockstep:phase contract\nALTER TABLE orders ADD COLUMN total int", plans.ClassContract, ""},
		{"COMMENT ON TABLE orders IS 'x'", plans.ClassNeutral, "info table-upkeep"},
		{"BEGIN; ALTER TABLE orders ADD COLUMN total int; COMMIT;", plans.ClassExpand, "info transaction-wrapper"},
	}
	for _, tt := range tests {
		v, findings := judged(t, released(), tt.sql)
		if v.Class != tt.class || v.Reason == "" {
			t.Errorf("%s: got %s (%s), want %s", tt.sql, v.Class, v.Reason, tt.class)
		}
		if got := codesOf(findings); got != tt.findings {
			t.Errorf("%s: findings %s, want %s", tt.sql, got, tt.findings)
		}
	}
}

// A file that code has not seen yet may be changed freely, and one that it has
// seen may not: only the history tells them apart.
func TestPostgresKnowsWhatIsReleased(t *testing.T) {
	t.Parallel()
	const add, require = "ALTER TABLE orders ADD COLUMN total int", "ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0)"
	if v, _ := judged(t, released(add), require); v.Class != plans.ClassContract {
		t.Errorf("released: got %s (%s)", v.Class, v.Reason)
	}
	unfinished := released(add)
	unfinished.Applied[1].Unreleased = true
	if v, _ := judged(t, unfinished, require); v.Class != plans.ClassExpand {
		t.Errorf("applied by an unfinished try: got %s (%s)", v.Class, v.Reason)
	}
	p := sqlcheck.ForChangeSet(released(), nil)
	p.File(file(add))
	if v, _ := p.File(file(require)); v.Class != plans.ClassExpand {
		t.Errorf("made by the file before: got %s (%s)", v.Class, v.Reason)
	}
	made := released("CREATE TABLE t (a int)")
	made.Applied[1].Unreleased = true
	v, findings := judged(t, made, "CREATE INDEX ON t (a)")
	if v.Class != plans.ClassExpand || len(findings) > 0 || len(v.Statements[0].Locks) > 0 || v.Risk.Level != "low" {
		t.Errorf("a table nobody uses: got %+v, %+v", v, findings)
	}
	if v, findings := judged(t, released("CREATE TABLE t (a int)"), "CREATE INDEX ON t (a)"); codesOf(findings) != "warning create-index" || v.Risk.Level != "medium" {
		t.Errorf("a table that is used: got %+v, %+v", v, findings)
	}
}

func TestPostgresMode(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"CREATE INDEX CONCURRENTLY i ON orders (n)":                          sqlcheck.ModeStatement,
		"CREATE INDEX i ON orders (n)":                                       sqlcheck.ModeTransaction,
		"-- lockstep:no-transaction\nALTER TABLE orders ADD COLUMN x int":    sqlcheck.ModeStatement,
		"-- lockstep:irreversible gone\nALTER TABLE orders DROP COLUMN note": sqlcheck.ModeTransaction,
	} {
		v, _ := judged(t, released(), sql)
		if v.Mode != want || strings.Contains(sql, "irreversible") != (v.Irreversible == "gone") {
			t.Errorf("%s: got %+v", sql, v)
		}
	}
}

func TestPostgresSource(t *testing.T) {
	t.Parallel()
	p := sqlcheck.ForChangeSet(released(), nil)
	v, _ := p.File(file("DROP TABLE nowhere"))
	if s := v.Statements[0]; s.Source != "assumed" || len(s.Locks) != 1 || s.Locks[0] != (plans.Lock{Mode: ax, Relation: "nowhere"}) {
		t.Errorf("unknown table: got %+v", s)
	}
	if v, _ := p.File(file("DROP TABLE items")); v.Statements[0].Source != "rule" || len(v.Loses) != 1 || v.Risk.Level != "high" {
		t.Errorf("known table: got %+v", v)
	}
	incomplete := released()
	incomplete.Missing = "of 1 applied version (7) there is no file"
	p = sqlcheck.ForChangeSet(incomplete, nil)
	if v, _ := p.File(file("DROP TABLE items")); v.Statements[0].Source != "assumed" {
		t.Errorf("a file is missing: got %+v", v.Statements)
	}
	if d := p.Doubts(); len(d) != 1 || d[0].Code != "schema-unknown" || !strings.Contains(d[0].Summary, "there is no file") {
		t.Errorf("doubts %+v", d)
	}
	unreadable := released("SELECT 'open", "DO $$ BEGIN END $$")
	p = sqlcheck.ForChangeSet(unreadable, nil)
	if d := p.Doubts(); len(d) != 2 || d[0].File != "db/0002_x.up.sql" || d[1].File != "db/0003_x.up.sql" || d[1].Line != 1 {
		t.Errorf("doubts %+v", d)
	}
}

// TestReplacesWhatSomebodyMade: where the history is not all known, nobody
// knows what a replaced name was, and only the author can say.
func TestReplacesWhatSomebodyMade(t *testing.T) {
	t.Parallel()
	missing := released()
	missing.Missing = "it has tables that no file of the folder is known to have made"
	for _, c := range []struct {
		sql                    string
		known, unknown, reason string
	}{
		{"CREATE OR REPLACE VIEW paid AS SELECT 1 AS a", "expand", "ask", "running code may read one of that name"},
		{"CREATE VIEW paid AS SELECT 1 AS a", "expand", "expand", ""},
		{"CREATE OR REPLACE FUNCTION tax() RETURNS int LANGUAGE sql AS 'SELECT 1'", "expand", "ask", "running code may call one of that name"},
		{"CREATE FUNCTION tax() RETURNS int LANGUAGE sql AS 'SELECT 1'", "expand", "expand", ""},
		{"DROP VIEW IF EXISTS paid; CREATE VIEW paid AS SELECT 1 AS a", "expand", "ask", "in the place of one that may be there"},
		{"DROP FUNCTION IF EXISTS tax(); CREATE FUNCTION tax() RETURNS int LANGUAGE sql AS 'SELECT 1'", "expand", "ask", "in the place of one that may be there"},
		{"DROP TRIGGER IF EXISTS touch ON items", "neutral", "contract", "the trigger touch of items"},
	} {
		if v, _ := judged(t, released(), c.sql); string(v.Class) != c.known {
			t.Errorf("%s on a known schema is %s (%s), expected %s", c.sql, v.Class, v.Reason, c.known)
		}
		for what, h := range map[string]sqlcheck.History{"missing": missing, "unreadable": released("SELECT 'open")} {
			if v, _ := judged(t, h, c.sql); string(v.Class) != c.unknown || !strings.Contains(v.Reason, c.reason) {
				t.Errorf("%s, %s: %s (%s), expected %s (%s)", what, c.sql, v.Class, v.Reason, c.unknown, c.reason)
			}
		}
	}
}

func TestPostgresDownLocks(t *testing.T) {
	t.Parallel()
	f := file("ALTER TABLE orders ADD COLUMN total int")
	f.Down.Bytes = []byte("ALTER TABLE orders DROP COLUMN total; ALTER TABLE orders DROP COLUMN IF EXISTS other")
	v, _ := sqlcheck.ForChangeSet(released(), nil).File(f)
	if len(v.DownLocks) != 1 || v.DownLocks[0] != (plans.Lock{Mode: ax, Relation: "orders"}) {
		t.Errorf("got %+v", v.DownLocks)
	}
}

func TestPostgresAnswers(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"create-index", "PG-L60"} {
		_, findings := judged(t, released(), "-- lockstep:nolint "+code+" nobody writes at night\nCREATE INDEX i ON orders (n)")
		f := findings[0]
		if len(findings) != 1 || f.Severity != plans.SeverityInfo || f.Accepted != "nobody writes at night" || !slices.Contains(f.Roles, "dba") {
			t.Errorf("%s: got %+v", code, findings)
		}
	}
}

func TestRulesOfAProject(t *testing.T) {
	t.Parallel()
	off, on := false, true
	rules := sqlcheck.Rules{
		"create-index": {Severity: plans.SeverityError}, "drop-column": {Enabled: &off},
		"add-column-json": {Enabled: &on, Severity: plans.SeverityWarning}, "mixed-transaction": {Enabled: &off, Severity: plans.SeverityInfo},
	}
	for sql, want := range map[string]string{
		"CREATE INDEX i ON orders (n)":                                                   "error create-index",
		"-- lockstep:nolint create-index at night\nCREATE INDEX i ON orders (n)":         "info create-index",
		"ALTER TABLE orders DROP COLUMN n":                                               "",
		"ALTER TABLE orders ADD COLUMN j json":                                           "warning add-column-json",
		"CREATE INDEX CONCURRENTLY i ON orders (n); ALTER TABLE orders ADD COLUMN x int": "error mixed-transaction",
	} {
		_, findings := sqlcheck.ForChangeSet(released(), rules).File(file(sql))
		if got := codesOf(findings); got != want {
			t.Errorf("%s: got %s, want %s", sql, got, want)
		}
	}
}

func TestSplitIsPrinted(t *testing.T) {
	t.Parallel()
	sql := "ALTER TABLE orders ADD COLUMN total int;\nALTER TABLE orders DROP COLUMN state;"
	v, _ := judged(t, released(), sql)
	found := v.Misplaced(plans.SeverityError)
	if len(found) != 1 || found[0].Code != "must-be-split" || found[0].Severity != plans.SeverityError {
		t.Fatalf("got %+v", found)
	}
	for _, want := range []string{".up.sql (expand)\n", "ADD COLUMN total int;", ".up.sql (contract)\n", "DROP COLUMN state;"} {
		if !strings.Contains(found[0].Fix, want) {
			t.Errorf("%q is not in %s", want, found[0].Fix)
		}
	}
	v, _ = judged(t, released(), "CALL archive(1)")
	if found := v.Misplaced(plans.SeverityError); len(found) != 1 || found[0].Code != "class-unknown" || !strings.Contains(found[0].Fix, "-- lockstep:phase expand|contract REASON") {
		t.Errorf("got %+v", found)
	}
	v, _ = judged(t, released(), "-- lockstep:phase contract it is old\nCALL archive(1)")
	if found := v.Misplaced(plans.SeverityError); len(found) != 0 || !strings.Contains(v.Reason, "it is old") {
		t.Errorf("got %+v, %+v", v, found)
	}
}

// Each file of a folder was released before the next one, as far as lint knows.
func TestForFolder(t *testing.T) {
	t.Parallel()
	p := sqlcheck.ForFolder(pgeffect.Server{Major: 15, UTC: true}, nil)
	if _, open, _ := p.Lint(file(shop)); len(open) > 0 {
		t.Fatalf("got %+v", open)
	}
	_, open, answered := p.Lint(file("-- lockstep:nolint rename the view comes with it\nALTER TABLE orders RENAME COLUMN state TO status"))
	if codesOf(open) != "warning must-be-split" || len(answered) != 1 || answered[0].Code != "rename" || answered[0].Line != 1 {
		t.Errorf("got %+v, %+v", open, answered)
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	p := sqlcheck.ForChangeSet(released(), nil)
	v, _ := p.File(file("ALTER TABLE orders ALTER COLUMN note TYPE varchar(5)"))
	if v.Risk.Level != "high" || len(sqlcheck.WorksLocked(v.Statements[0])) == 0 {
		t.Errorf("unknown size: got %+v", v.Risk)
	}
	sized := func(rows, bytes int64) sqlcheck.Sizes {
		return func(relation string) (sqlcheck.Size, bool) {
			return sqlcheck.Size{Rows: rows, Bytes: bytes}, relation == "orders"
		}
	}
	v.Loses = nil // the size says nothing of what is lost
	for _, tt := range []struct {
		rows, bytes int64
		level       string
	}{{9_999, 10<<20 - 1, "medium"}, {10_000, 1, "high"}, {1, 10 << 20, "high"}, {-1, 1, "high"}} {
		if got := p.Rate(v, sized(tt.rows, tt.bytes)); got.Level != tt.level {
			t.Errorf("%d rows, %d bytes: got %+v", tt.rows, tt.bytes, got)
		}
	}
}

func TestCodesAreDescribed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range sqlcheck.Codes() {
		if seen[c.Code] || c.Title == "" || c.Why == "" || c.Fix == "" || c.Severity == "" || strings.HasSuffix(c.Title, "..") {
			t.Errorf("%+v", c)
		}
		seen[c.Code] = true
	}
	for _, code := range codesInSource(t) {
		if !seen[code] {
			t.Errorf("%s is found and not described", code)
		}
	}
}
