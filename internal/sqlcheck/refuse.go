package sqlcheck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

func (d *direction) refuseEmpty() {
	if len(d.statements) == 0 {
		d.report(plans.Finding{
			Code: "empty-file", Severity: plans.SeverityError,
			Summary: "the file has no statement",
			Fix:     "write the change, or delete the file and its down file",
		})
	}
}

// refuse reports what may not be in a migration file at all.
func (d *direction) refuse() {
	for _, s := range d.statements {
		d.refuseControl(s)
		d.refuseReach(s)
		d.refuseIndex(s)
		d.warnSession(s)
	}
	d.refuseOpen()
	if d.check.Dialect == mysql {
		d.refuseMySQL()
		return
	}
	if d.check.foreign() {
		return // how it would be run is the driver's business
	}
	d.refuseMixture()
}

func (d *direction) refuseAt(s sqlscan.Statement, code, summary, fix string) {
	d.report(plans.Finding{Code: code, Severity: plans.SeverityError, Summary: summary, Fix: fix, Line: s.Line, Column: columnOf(s)})
}

func (d *direction) warnAt(s sqlscan.Statement, code, summary, fix string) {
	d.report(plans.Finding{Code: code, Severity: plans.SeverityWarning, Summary: summary, Fix: fix, Line: s.Line, Column: columnOf(s)})
}

// columnOf is where a statement begins in its line; 0 at its beginning.
func columnOf(s sqlscan.Statement) int {
	if s.Column <= 1 {
		return 0
	}
	return s.Column
}

func (d *direction) refuseControl(s sqlscan.Statement) {
	switch {
	case s.EndsTransaction():
		d.refuseAt(s, "transaction-control",
			s.Words[0]+" inside of a migration "+undoes(s.Words[0]),
			"remove it: the file already runs in one transaction")
	case len(s.Words) > 0 && strings.HasPrefix(s.Words[0], `\`):
		if d.check.Dialect == mysql {
			d.refuseAt(s, "client-command", strings.ToLower(s.Words[0])+" is a command of the mysql client, not SQL", "end the statement with a semicolon")
			return
		}
		d.refuseAt(s, "psql-command", fmt.Sprintf("%s is a command of psql, not SQL", strings.ToLower(s.Words[0])),
			"write the SQL that it stands for")
	}
}

// refuseOpen: a BEGIN that nothing ends. A COMMIT at the end of the file may
// have been taken away with the BEGIN at its beginning.
func (d *direction) refuseOpen() {
	if d.check.foreign() || slices.ContainsFunc(d.findings, func(f plans.Finding) bool { return f.Code == "transaction-wrapper" }) {
		return
	}
	var open *sqlscan.Statement
	for i, s := range d.statements {
		switch {
		case s.Starts("BEGIN"), s.Starts("START", "TRANSACTION"):
			open = &d.statements[i]
		case s.EndsTransaction() && !s.Starts("SAVEPOINT") && !s.Starts("RELEASE"):
			open = nil
		}
	}
	if open != nil {
		d.refuseAt(*open, "uncommitted-transaction", "the file begins a transaction and does not end it", "remove it: the file already runs in one transaction")
	}
}

// undoes says what a statement does to a migration's transaction.
func undoes(word string) string {
	switch word {
	case "SAVEPOINT", "RELEASE":
		return "would let a part of it fail, and the transaction that makes it all or nothing go on"
	case "BEGIN", "START":
		return "has no transaction to begin: it runs in the one that makes it all or nothing"
	default:
		return "would end the transaction that makes it all or nothing"
	}
}

// refuseReach finds statements that leave the database: the server's shell,
// its files and settings, other servers.
func (d *direction) refuseReach(s sqlscan.Statement) {
	if d.check.Dialect != "postgres" {
		return
	}
	if s.Starts("ALTER", "SYSTEM") {
		d.refuseAt(s, "alter-system", "ALTER SYSTEM changes the whole server, not this database",
			"change the server's settings where it is operated")
	}
	if s.Starts("LOAD") {
		d.refuseAt(s, "server-access", "LOAD runs a library of the database server",
			"load it where the server is operated (session_preload_libraries)")
	}
	var before sqlscan.Token
	for t := range s.EachToken() {
		if t.Symbol("(") && reachesOut(before.Name()) {
			d.refuseAt(s, "server-access", fmt.Sprintf("%s() reaches out of the database", before.Name()),
				"remove it; load data by a backfill or by the application")
		}
		if s.Starts("COPY") {
			d.refuseCopy(s, before, t)
		}
		before = t
	}
}

func (d *direction) refuseCopy(s sqlscan.Statement, before, t sqlscan.Token) {
	if !before.Is("FROM") && !before.Is("TO") {
		return
	}
	switch {
	case t.Is("STDIN"), t.Is("STDOUT"):
		d.refuseAt(s, "copy-stdin", "COPY "+before.Text+" "+t.Text+" needs a client that sends the rows",
			"write INSERT statements")
	case t.Is("PROGRAM"):
		d.refuseAt(s, "copy-program", "COPY "+before.Text+" PROGRAM runs a command on the database server",
			"write INSERT statements")
	case t.Kind == sqlscan.String:
		d.refuseAt(s, "server-access", "COPY "+before.Text+" a file reaches out of the database, into the server's disk",
			"write INSERT statements, or load the rows by a backfill or by the application")
	}
}

func reachesOut(function string) bool {
	switch function {
	case "pg_read_file", "pg_read_binary_file", "pg_ls_dir", "pg_stat_file", "pg_file_write", "lo_import", "lo_export",
		"dblink", "dblink_exec", "dblink_connect", "dblink_connect_u", "dblink_send_query",
		"pg_reload_conf", "pg_terminate_backend", "pg_cancel_backend":
		return true
	default:
		return false
	}
}

// refuseIndex: after a crash an index is looked up by its name.
func (d *direction) refuseIndex(s sqlscan.Statement) {
	index, ok := createIndex(s)
	if !ok || !index.concurrently {
		return
	}
	if index.name == "" {
		d.refuseAt(s, "unnamed-index", "CREATE INDEX CONCURRENTLY without a name cannot be found again after a crash",
			"give the index a name")
	}
	if index.ifNotExists {
		d.warnAt(s, "index-if-not-exists", "IF NOT EXISTS also accepts an INVALID index that an earlier try left behind",
			"remove IF NOT EXISTS; a run that was interrupted is completed without it")
	}
}

func (d *direction) warnSession(s sqlscan.Statement) {
	stepwise := d.header.NoTransaction
	switch {
	case d.check.Dialect != "postgres":
	case s.LimitsLocks():
		d.report(plans.Finding{
			Code: "lock-timeout", Severity: plans.SeverityInfo, Line: s.Line,
			Summary: "what the file sets for lock_timeout is left out",
			Detail:  "The application waits behind every request for a lock that waits, so how long one may is for the database block's lock_timeout; the migration's timeout bounds all tries.",
		})
	case stepwise && s.Starts("SET", "LOCAL"):
		d.warnAt(s, "session-setting", "SET LOCAL holds to the end of its transaction, and each statement of this file has one of its own",
			"write SET: it holds for the statements behind it, and not for the next file")
	case s.Starts("SET") && s.SetsSession() && !stepwise:
		d.warnAt(s, "session-setting", "SET without LOCAL would outlive the migration",
			"write SET LOCAL; every migration has a connection of its own, so the setting is lost either way")
	}
}

// refuseMixture: a statement that needs to be outside of a transaction takes
// the all-or-nothing from everything else in its file.
func (d *direction) refuseMixture() {
	if len(d.statements) < 2 || d.header.NoTransaction {
		return
	}
	for _, s := range d.statements {
		if s.OutsideTransaction() {
			d.refuseAt(s, "mixed-transaction",
				opening(s)+" cannot run in a transaction, and the file has other statements",
				`put it in a file of its own, or accept one statement at a time: "-- lockstep:no-transaction"`)
		}
	}
}

// opening is how a statement begins, as it is written.
func opening(s sqlscan.Statement) string {
	var words []string
	tokens := s.Tokens()
	for _, t := range tokens[:min(len(tokens), len(s.Words), 4)] {
		words = append(words, t.Text)
	}
	return strings.Join(words, " ")
}
