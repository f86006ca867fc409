package budget

import (
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Sources of an estimate. Locks and scans may be measured, the time that they
// take on the target never is.
const (
	rule    = "rule"    // work that is known, on sizes that the server told
	assumed = "assumed" // work that depends on what nobody has seen
)

// Estimate is how long a statement holds its locks by its own work, from the
// first lock to its end: waits for locks are not in it, nor is the rest of the
// transaction, which keeps them; where a transaction has the locks already, how
// long it works. It is nil where nothing is known: of code (DO, CALL), of
// relations without figures, of a statement without locks.
func Estimate(st plans.Statement, s plans.Survey) *plans.Estimate {
	statements, err := sqlscan.Split([]byte(st.SQL))
	if err != nil || len(statements) != 1 || len(st.Locks)+len(st.Scans)+len(st.Rewrites) == 0 {
		return nil
	}
	w := work{sql: statements[0], st: st, survey: s}
	switch {
	case w.changesRows():
		return w.rows()
	case !w.changesSchema():
		return nil
	case w.sql.Concurrently():
		return w.concurrently()
	case w.sql.Starts("REINDEX"):
		return w.reindex()
	case len(st.Rewrites) > 0:
		return w.rewrite()
	case len(st.Scans) > 0 && w.buildsIndex():
		return w.index()
	case len(st.Scans) > 0:
		return w.scan()
	default:
		return w.catalog()
	}
}

// work is one statement with what is known of it.
type work struct {
	sql    sqlscan.Statement
	st     plans.Statement
	survey plans.Survey
}

func (w work) starts(words ...string) bool {
	for _, word := range words {
		if w.sql.Starts(word) {
			return true
		}
	}
	return false
}

func (w work) changesRows() bool { return w.starts("INSERT", "UPDATE", "DELETE", "MERGE") }

// changesSchema is true for statements whose work follows from what they lock,
// write anew and read. Of others (code, queries, VACUUM, LOCK) it does not.
func (w work) changesSchema() bool {
	return !w.runsQuery() && (w.starts("ALTER", "CREATE", "DROP", "TRUNCATE", "COMMENT", "GRANT", "REVOKE", "SECURITY", "REINDEX", "CLUSTER") ||
		w.starts("VACUUM") && len(w.st.Rewrites) > 0)
}

// runsQuery is true for CREATE TABLE and CREATE MATERIALIZED VIEW with AS,
// which stands outside of any parentheses.
func (w work) runsQuery() bool {
	if !w.starts("CREATE") || !slices.Contains(w.sql.Words, "TABLE") && !slices.Contains(w.sql.Words, "MATERIALIZED") {
		return false
	}
	depth := 0
	for _, t := range w.sql.Tokens() {
		switch {
		case t.Symbol("("):
			depth++
		case t.Symbol(")"):
			depth--
		case depth == 0 && t.Is("AS"):
			return true
		}
	}
	return false
}

func (w work) has(word string) bool {
	for _, t := range w.sql.Tokens() {
		if t.Is(word) {
			return true
		}
	}
	return false
}

// catalog is for changes that touch no row: removed files are taken away after
// the locks are free.
// Source: PostgreSQL sources, CommitTransaction.
func (w work) catalog() *plans.Estimate {
	partitions := w.partitions()
	if partitions > 1 {
		return catalogSpan(partitions).estimate(rule, "catalog change on %s partitions", Rows(int64(partitions)))
	}
	return catalogSpan(0).estimate(rule, "catalog change")
}

// partitions are as many as are locked, or as the survey has counted.
func (w work) partitions() int {
	most := 0
	for _, l := range w.st.Locks {
		if f := Figures(w.survey, l.Relation); f != nil && !l.Only {
			most = max(most, f.Partitions)
		}
	}
	return most
}

func (w work) scan() *plans.Estimate {
	l := loadOf(w.survey, w.st.Scans)
	if l.known == 0 {
		return nil
	}
	return w.catalogTime().plus(scanning().span(float64(l.bytes), float64(l.bytes))).
		estimate(rule, "reads %s at %s%s", Bytes(l.bytes), scanning().bytes(), l.without())
}

func (w work) rewrite() *plans.Estimate {
	l := loadOf(w.survey, w.st.Rewrites)
	if l.known == 0 {
		return nil
	}
	all := float64(l.bytes + l.indexBytes)
	return w.catalogTime().plus(rewriting().span(all, all)).
		estimate(rule, "writes %s and %s of indexes anew at %s%s", Bytes(l.bytes), Bytes(l.indexBytes), rewriting().bytes(), l.without())
}

func (w work) reindex() *plans.Estimate {
	l := loadOf(w.survey, append(w.st.Rewrites, w.st.Scans...))
	if l.known == 0 {
		return nil
	}
	read, written := float64(l.bytes), float64(l.indexBytes)
	return w.catalogTime().plus(scanning().span(read, read)).plus(rewriting().span(written, written)).
		estimate(rule, "reads %s and builds %s of indexes at %s%s", Bytes(l.bytes), Bytes(l.indexBytes), rewriting().bytes(), l.without())
}

func (w work) index() *plans.Estimate {
	l := loadOf(w.survey, w.st.Scans)
	if l.known == 0 {
		return nil
	}
	return w.catalogTime().plus(w.build(l)).estimate(w.buildSource(l), "%s", w.buildBasis(l))
}

// concurrently lets reads and writes go on, and holds off schema changes. It
// waits for whoever was there before, which is not in the estimate.
func (w work) concurrently() *plans.Estimate {
	const waits = "; besides, it waits until transactions that were open before have ended"
	l := loadOf(w.survey, w.st.Scans)
	switch {
	case w.starts("DROP", "ALTER"):
		return catalogSpan(0).estimate(rule, "catalog change in stages%s", waits)
	case l.known == 0 || !w.starts("CREATE"):
		return nil
	}
	again := scanning().span(float64(l.bytes), float64(l.bytes))
	return w.catalogTime().plus(w.build(l)).plus(again).
		estimate(w.buildSource(l), "%s, and reads the table once more%s", w.buildBasis(l), waits)
}

// buildsIndex: USING INDEX takes one that is there.
func (w work) buildsIndex() bool {
	switch {
	case w.sql.Starts("CREATE", "INDEX"), w.sql.Starts("CREATE", "UNIQUE", "INDEX"):
		return true
	case w.sql.Starts("ALTER", "TABLE"):
		tokens := w.sql.Tokens()
		for i := range tokens {
			if tokens[i].Is("USING") && i+1 < len(tokens) && tokens[i+1].Is("INDEX") {
				return false
			}
		}
		return w.has("UNIQUE") || w.has("PRIMARY") || w.has("EXCLUDE")
	}
	return false
}

// btree is the method of an index that names none.
func (w work) btree() bool {
	if w.has("EXCLUDE") {
		return false
	}
	tokens := w.sql.Tokens()
	for i := range tokens {
		if tokens[i].Is("USING") && i+1 < len(tokens) {
			return tokens[i+1].Is("btree")
		}
	}
	return true
}

func (w work) indexing() pace {
	if w.btree() {
		return indexing()
	}
	return indexingOther()
}

func (w work) build(l load) span {
	low, high := l.count()
	read := scanning().span(float64(l.bytes), float64(l.bytes))
	return read.plus(w.indexing().span(low, high))
}

func (w work) buildBasis(l load) string {
	return "reads " + Bytes(l.bytes) + ", sorts " + l.rowCount() + " into an index at " + w.indexing().rows() + l.without()
}

func (w work) buildSource(l load) string {
	if l.rows < 0 {
		return assumed
	}
	return rule
}

// catalogTime is what every change of the schema takes besides.
func (w work) catalogTime() span { return catalogSpan(w.partitions()) }

// rows is for statements that change rows: how many, WHERE and the data tell.
func (w work) rows() *plans.Estimate {
	if w.starts("INSERT") {
		if w.has("VALUES") && !w.has("SELECT") {
			return catalogSpan(0).estimate(assumed, "inserts the rows that it lists")
		}
		return nil
	}
	l := loadOf(w.survey, w.target())
	if l.known == 0 {
		return nil
	}
	least, most := l.count()
	if w.starts("MERGE") || w.has("WHERE") {
		return catalogSpan(0).plus(changing().span(0, most)).
			estimate(assumed, "changes at most %s at %s; its condition tells how many", l.rowCount(), changing().rows())
	}
	return catalogSpan(0).plus(changing().span(least, most)).
		estimate(assumed, "changes all %s at %s%s", l.rowCount(), changing().rows(), l.without())
}

// target are the relations that are written to: those that a lock says so of.
func (w work) target() []string {
	var names []string
	for _, l := range w.st.Locks {
		if l.Mode == "RowExclusiveLock" {
			names = append(names, l.Relation)
		}
	}
	return names
}

func (l load) rowCount() string {
	if l.rows < 0 {
		return "an unknown number of rows"
	}
	return Rows(l.rows) + " rows"
}

// without names what has no figures, such as what the plan makes.
func (l load) without() string {
	if len(l.missing) == 0 {
		return ""
	}
	return " (without " + strings.Join(l.missing, ", ") + ", whose size is not known)"
}

func (p pace) bytes() string {
	return Bytes(int64(p.slow)) + " to " + Bytes(int64(p.fast)) + " a second"
}

func (p pace) rows() string {
	return Rows(int64(p.slow)) + " to " + Rows(int64(p.fast)) + " a second"
}

// Sum is how long the locks of the first of the statements are held when all
// run in one transaction: to its end. It is nil when the time of a statement
// is not known; the lines are theirs.
func Sum(all []plans.Statement) (total *plans.Estimate, unknown []int) {
	sum, source := span{}, rule
	for _, st := range all {
		took, known := lasting(st)
		if !known {
			unknown = append(unknown, st.Line)
			continue
		}
		sum = sum.plus(took)
		if st.Estimate != nil && st.Estimate.Source == assumed {
			source = assumed
		}
	}
	if len(unknown) > 0 {
		return nil, unknown
	}
	return sum.estimate(source, "all statements of the transaction together"), nil
}

// lasting is how long a statement takes while others hold their locks: also
// one without locks of its own.
func lasting(st plans.Statement) (span, bool) {
	if st.Estimate != nil {
		return span{time.Duration(st.Estimate.Low), time.Duration(st.Estimate.High)}, true
	}
	statements, err := sqlscan.Split([]byte(st.SQL))
	if err != nil || len(statements) != 1 || len(st.Locks) > 0 {
		return span{}, false
	}
	w := work{sql: statements[0], st: st}
	switch {
	case w.starts("SET", "RESET"):
		return span{}, true
	case w.changesSchema() && len(st.Scans) == 0 && len(st.Rewrites) == 0:
		return catalogSpan(0), true
	}
	return span{}, false
}
