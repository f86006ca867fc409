package sqlcheck

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Modes of running a file.
const (
	ModeTransaction = "transaction" // all statements and the receipt in one transaction
	ModeStatement   = "statement"   // one statement at a time, each with its own receipt
	ModeDriver      = "driver"      // as a whole by golang-migrate's own driver, without a receipt
)

// Verdict is what is known of a migration file before it runs.
type Verdict struct {
	Class plans.Class
	// Reason is one sentence: the statement or the header that decided.
	Reason string
	// Mode is ModeTransaction, ModeStatement or ModeDriver.
	Mode string
	// Irreversible is the author's reason why there is no way back.
	Irreversible string
	Statements   []plans.Statement
	Risk         plans.Risk
	// DownLocks are what the down file takes, one of a kind.
	DownLocks []plans.Lock
	// Creates names the tables that the file creates, for Check.New of the
	// files after it.
	Creates []string
	// Waits is true where nothing in the file has to come before the deployment.
	Waits bool
	// Said is true when the file's header decides the class.
	Said bool
	// Split is the file in parts that each have one place, when the class is
	// split and the parts are known.
	Split []Part
	// Loses says in words what is gone after the file, empty for nothing.
	Loses []string
	// phases are the places of the statements by themselves, empty where one has
	// none; nil when the file's own decides.
	phases []plans.Phase
	// Unread says what runs that nobody can read, and where.
	Unread []string
}

// Part is a part of a file that must be split.
type Part struct {
	Name  string // as the scaffold of a migration takes it
	Phase string // "expand", "data" or "contract"
	Up    string
	Down  string // empty when there is no plain way back
}

// Check judges files of one dialect by their words. PostgreSQL's has a judge of
// its own.
type Check struct {
	// Dialect is "sqlite", "mysql", or another driver's name.
	Dialect string
	// New names tables that earlier files of the same change set create: no
	// released code knows them, so constraints on them break nobody.
	New []string

	// Rules are the project's own words on single codes; nil for none.
	Rules Rules

	learned tables // shared by the files of a Sequence
}

// Sequence returns a check for the files of one change set in their order:
// each file it classifies knows the tables that files before it create, and
// those named here. It is for one goroutine.
func Sequence(dialect string, created []string) Check {
	return Check{Dialect: dialect, learned: newTables(created)}
}

// Classify judges a file by itself. A finding of severity error means that
// the file is refused and the verdict must not be used.
func Classify(file plans.MigrationFile, dialect string) (Verdict, []plans.Finding) {
	if dialect == postgres {
		return ForChangeSet(History{}, nil).File(file)
	}
	return Check{Dialect: dialect}.Classify(file)
}

// Classify judges a file; see the function of the same name.
func (c Check) Classify(file plans.MigrationFile) (Verdict, []plans.Finding) {
	verdict, findings, answers := c.classify(file)
	stray := strayAnswers(file.Up.Path, findings, answers)
	return verdict, c.Rules.weigh(c.Rules.apply(append(silence(findings, answers), stray...)))
}

func (c Check) classify(file plans.MigrationFile) (Verdict, []plans.Finding, []sqlscan.NoLint) {
	up := direction{check: c, file: file.Up}
	if !up.read() {
		return Verdict{}, up.findings, nil
	}
	up.refuseEmpty()
	up.refuse()
	verdict := up.verdict()

	down := direction{check: c, file: file.Down}
	if file.Down.Path != "" && down.read() {
		down.refuse()
		verdict.DownLocks = down.locks()
	}
	findings := append(up.findings, down.findings...)
	findings = append(findings, wayBack(file, up.header, len(down.statements))...)
	verdict, findings = hideSecrets(verdict, findings, &up, &down)
	return verdict, findings, up.header.NoLint
}

// direction is one SQL file of a migration under judgement.
type direction struct {
	check      Check
	file       plans.SQLFile
	grammar    bool // read it by PostgreSQL's grammar as well
	header     sqlscan.Header
	statements []sqlscan.Statement
	trees      []pgsyntax.Statement // the same, with grammar
	ahead      *pgsyntax.Ahead      // may have read it by now
	findings   []plans.Finding
}

// maxStatements keeps a file reviewable and its plan readable.
const maxStatements = 10_000

// read fills header and statements; it reports whether the text can be judged.
func (d *direction) read() bool {
	err := d.split()
	if err != nil {
		if !d.check.foreign() {
			d.unreadable("sql-syntax", err)
			return false
		}
		d.statements = d.whole()
	}
	if d.header, err = sqlscan.ParseHeader(d.file.Bytes); err != nil {
		d.unreadable("directive", err)
		return false
	}
	d.unwrap()
	if n := len(d.statements); n > maxStatements {
		d.report(plans.Finding{
			Code: "too-many-statements", Severity: plans.SeverityError, Line: d.statements[maxStatements].Line,
			Summary: fmt.Sprintf("the file has %d statements, expected at most %d", n, maxStatements),
			Fix:     "split it, or load bulk data by a backfill",
		})
		return false
	}
	return true
}

// split cuts the text into statements. What is refused for its length, BEGIN
// and COMMIT aside, is not parsed before.
func (d *direction) split() (err error) {
	if d.ahead != nil {
		if d.trees, err = d.ahead.Read(d.file.Bytes); err != nil {
			return err
		}
		for _, t := range d.trees {
			d.statements = append(d.statements, t.Statement)
		}
		return nil
	}
	if d.statements, err = splitterOf(d.check.Dialect)(d.file.Bytes); err != nil || !d.grammar {
		return err
	}
	if len(d.statements) <= maxStatements+2 {
		d.trees = pgsyntax.Parse(d.statements)
	}
	return nil
}

// unwrap leaves a BEGIN and COMMIT around the whole file out, and says so.
func (d *direction) unwrap() {
	if d.header.NoTransaction {
		return
	}
	_, inner, wrapped := sqlscan.Unwrap(d.file.Bytes, d.statements)
	if !wrapped {
		return
	}
	f := plans.Finding{
		Code: "transaction-wrapper", Severity: plans.SeverityInfo, Line: d.statements[0].Line,
		Summary: fmt.Sprintf("%s and %s around the file are left out", d.statements[0].Words[0], d.statements[len(d.statements)-1].Words[0]),
		Detail:  "The file runs in one transaction together with its receipt.",
	}
	if d.check.Dialect == mysql && slices.ContainsFunc(inner, sqlscan.Statement.OutsideTransaction) {
		f.Severity = plans.SeverityWarning
		f.Detail = "They would not hold the file together: MySQL commits at every statement that changes the schema."
	}
	d.report(f)
	d.statements = inner
	if d.trees != nil {
		d.trees = d.trees[1 : len(d.trees)-1]
	}
}

func (d *direction) unreadable(code string, err error) {
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	for _, err := range list {
		f := plans.Finding{Code: code, Severity: plans.SeverityError, Summary: err.Error()}
		if place, ok := err.(*sqlscan.Error); ok { //nolint:errorlint // sqlscan returns it unwrapped
			f.Summary = fmt.Sprintf("%s (column %d)", place.Problem, place.Column)
			f.Line, f.Fix = place.Line, place.Fix
		}
		d.report(f)
	}
}

func (d *direction) report(f plans.Finding) {
	f.File = d.file.Path
	d.findings = append(d.findings, f)
}

func (d *direction) verdict() Verdict {
	v := Verdict{Irreversible: d.header.Irreversible, Mode: ModeTransaction}
	known := d.check.learned
	if known == nil {
		known = newTables(d.check.New)
	}
	judged := make([]judgement, 0, len(d.statements))
	for _, s := range d.statements {
		j := d.judge(s, known)
		j.unsure = j.unsure || j.unseen != ""
		for _, table := range j.creates {
			known.add(table)
		}
		v.Creates = append(v.Creates, j.creates...)
		judged = append(judged, j)
		if s.OutsideTransaction() {
			v.Mode = ModeStatement
		}
	}
	if d.header.NoTransaction {
		v.Mode = ModeStatement
	}
	if d.check.foreign() {
		v.Mode = ModeDriver
	}
	d.findUnseen(judged)
	v.Class, v.Reason = d.class(judged)
	v.Statements = d.describe(judged, v.Class)
	v.Risk = risk(judged, v.Class, v.Irreversible)
	return v
}

// judge is the dialect's classifier.
func (d *direction) judge(s sqlscan.Statement, known tables) judgement {
	if d.check.Dialect == mysql {
		return judgeMySQL(s, known)
	}
	return judge(s, known)
}

// class takes the worst class of the statements unless the header decides.
func (d *direction) class(judged []judgement) (plans.Class, string) {
	class, reason := plans.ClassData, "changes rows only"
	for i, j := range judged {
		if j.class == plans.ClassContract {
			class, reason = j.class, fmt.Sprintf("line %d %s", d.statements[i].Line, j.reason)
			break
		}
		if j.class == plans.ClassExpand && class == plans.ClassData {
			class, reason = j.class, "nothing in it breaks code that is already running"
		}
	}
	if i := slices.IndexFunc(judged, func(j judgement) bool { return j.unseen != "" }); i >= 0 && class != plans.ClassContract {
		class, reason = plans.ClassExpand, fmt.Sprintf("line %d cannot be seen: dynamic SQL (%s); assumed to break nothing", d.statements[i].Line, judged[i].unseen)
	}
	if d.header.Phase == "" {
		return class, reason
	}
	said := fmt.Sprintf("the author says %s (line %d)", d.header.Phase, d.header.Line)
	if d.header.PhaseReason != "" {
		said += ": " + d.header.PhaseReason
	}
	if string(class) != d.header.Phase {
		said += fmt.Sprintf("; its statements alone are %s: %s", class, reason)
	}
	return plans.Class(d.header.Phase), said
}

// locks are all that the file takes, one of a kind. By the time a down file
// runs, code may use what the up file has made.
func (d *direction) locks() []plans.Lock {
	if !d.check.knowsLocks() {
		return nil
	}
	var list []plans.Lock
	known := newTables(nil)
	for _, s := range d.statements {
		j := d.judge(s, known)
		for _, table := range j.creates {
			known.add(table)
		}
		for _, l := range j.locks {
			if !slices.Contains(list, l) {
				list = append(list, l)
			}
		}
	}
	return list
}

func (d *direction) describe(judged []judgement, class plans.Class) []plans.Statement {
	phase := plans.Expand
	if class == plans.ClassContract {
		phase = plans.Contract
	}
	out := make([]plans.Statement, 0, len(judged))
	for i, j := range judged {
		source := "rule"
		if j.unsure {
			source = "assumed"
		}
		st := plans.Statement{
			File: d.file.Path, Line: d.statements[i].Line, SQL: d.statements[i].Text, Phase: phase,
			Rewrites: j.rewrites, Scans: j.scans, Source: source,
		}
		if d.check.knowsLocks() {
			st.Locks = j.locks
		}
		out = append(out, st)
	}
	return out
}

// wayBack warns about a migration that says nothing about its rollback.
func wayBack(file plans.MigrationFile, header sqlscan.Header, downStatements int) []plans.Finding {
	if header.Irreversible != "" || downStatements > 0 {
		return nil
	}
	summary := "there is no down file: this migration cannot be rolled back"
	if file.Down.Path != "" {
		summary = "the down file has no statement: this migration cannot be rolled back"
	}
	return []plans.Finding{{
		Code: "no-way-back", Severity: plans.SeverityWarning, Summary: summary, File: file.Up.Path,
		Fix: `write ` + file.ID() + `.down.sql, or say why not: "-- lockstep:irreversible REASON"`,
	}}
}
