package sqlcheck

import (
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// refuseMySQL reports what may not be in a file for MySQL, and what of the
// promise cannot be given there.
func (d *direction) refuseMySQL() {
	for _, s := range d.statements {
		d.refuseMySQLReach(s)
		d.warnMySQLNames(s)
		d.warnMySQLCopy(s)
	}
	d.implicitCommits()
}

// refuseMySQLReach finds statements that leave the database.
func (d *direction) refuseMySQLReach(s sqlscan.Statement) {
	if len(s.Words) == 0 {
		return
	}
	const elsewhere = "do it where the server is operated"
	switch s.Words[0] {
	case "USE":
		d.refuseAt(s, "use-database", "USE leads to another database than the plan has looked at",
			"remove it; migrate the other database by a database block of its own")
	case "LOAD":
		d.refuseAt(s, "server-access", "LOAD reads a file of the server or of this machine", "write INSERT statements, or load bulk data by a backfill")
	case "INSTALL", "UNINSTALL", "SHUTDOWN", "KILL", "FLUSH", "RESET", "PURGE", "CHANGE", "STOP":
		d.refuseAt(s, "server-access", s.Words[0]+" changes the whole server, not this database", elsewhere)
	case "SET":
		if s.Starts("SET", "GLOBAL") || s.Starts("SET", "PERSIST") || s.Starts("SET", "PASSWORD") || read(s).has("GLOBAL") {
			d.refuseAt(s, "server-access", "SET GLOBAL changes the whole server, not this database", elsewhere)
		}
	}
	tokens := s.Tokens()
	for i, t := range tokens {
		switch {
		case t.Is("OUTFILE") || t.Is("DUMPFILE"), t.Is("LOAD_FILE") && i+1 < len(tokens) && tokens[i+1].Symbol("("):
			d.refuseAt(s, "server-access", strings.ToUpper(t.Text)+" reaches for files of the database server", "remove it; load data by a backfill or by the application")
		}
	}
}

// implicitCommits: MySQL commits before and after each statement that changes
// the schema.
func (d *direction) implicitCommits() {
	var commits, rows []sqlscan.Statement
	for _, s := range d.statements {
		switch {
		case s.OutsideTransaction():
			commits = append(commits, s)
		case !s.SetsSession() && !s.EndsTransaction():
			rows = append(rows, s)
		}
	}
	if len(commits) > 0 && len(rows) > 0 && !d.header.NoTransaction {
		d.refuseAt(rows[0], "mixed-transaction",
			fmt.Sprintf("%s changes rows, and line %d changes the schema, which commits: together they are not all or nothing", rows[0].Words[0], commits[0].Line),
			`put the rows into a file of their own, which runs in one transaction, or accept one statement at a time: "-- lockstep:no-transaction"`)
		return
	}
	if len(commits) == 0 && !d.header.NoTransaction {
		return
	}
	if n := len(commits) + len(rows); n > 1 {
		d.report(plans.Finding{
			Code: "stops-half-way", Severity: plans.SeverityWarning, Line: d.statements[0].Line,
			Summary: fmt.Sprintf("a failure stops this file half-way: MySQL commits each of its %d statements by itself", n),
			Detail: "Each statement leaves a receipt. Where the down file can, it takes back what is there; where not, the run stops half-way, and resume goes on behind the last receipt. " +
				"What was under way when a process died is looked up in the catalog.",
			Fix: "give each statement a file of its own: one alone is there as a whole or not at all",
		})
	}
	for _, s := range rows {
		d.warnAt(s, "cannot-be-looked-up", fmt.Sprintf("whether %s ran cannot be looked up after a crash; a person would have to decide", s.Words[0]),
			"put it into a file of its own, where it runs in one transaction with its receipt")
	}
}

// warnMySQLNames: after a crash a thing is looked up by its name.
func (d *direction) warnMySQLNames(s sqlscan.Statement) {
	if !s.Starts("ALTER", "TABLE") {
		return
	}
	r := read(s)
	r.accept("ALTER", "TABLE")
	r.name()
	for _, clause := range r.clauses() {
		if clause.accept("ADD") && clause.addsUnnamed() {
			d.warnAt(s, "unnamed-index", "the server gives this index or constraint a name of its own, by which it is not found again after a crash",
				"give it a name")
		}
	}
}

// addsUnnamed reads what stands behind ADD.
func (r *reader) addsUnnamed() bool {
	if r.accept("CONSTRAINT") && !isConstraint(r) {
		return false
	}
	switch {
	case r.accept("PRIMARY"):
		return false
	case r.peek().Is("FOREIGN"), r.peek().Is("CHECK"):
		return true
	case r.acceptAny("UNIQUE", "FULLTEXT", "SPATIAL"):
		r.acceptAny("INDEX", "KEY")
	case !r.acceptAny("INDEX", "KEY"):
		return false // a column
	}
	return r.peek().Symbol("(")
}

// warnMySQLCopy: a server that may not copy refuses, and one that may keeps
// writers waiting for as long as it takes.
func (d *direction) warnMySQLCopy(s sqlscan.Statement) {
	if !s.Starts("ALTER", "TABLE") {
		return
	}
	j := judgeMySQLAlter(s, newTables(d.check.New))
	if len(j.rewrites) == 0 || read(s).has("ALGORITHM") {
		return
	}
	d.warnAt(s, "table-copy", fmt.Sprintf("the server may write %s anew, and writes to it wait meanwhile", strings.Join(j.rewrites, ", ")),
		"write ALGORITHM=INPLACE, LOCK=NONE (or ALGORITHM=INSTANT) behind it: the server then refuses instead; a large table wants a tool that copies it in the background (gh-ost, pt-online-schema-change)")
}
