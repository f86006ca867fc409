package sqlcheck

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pglint"
	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Postgres judges files for PostgreSQL in the order in which they run, each by
// the server's own grammar and against the schema that those before it lead
// to. It is for one goroutine.
type Postgres struct {
	server   pgeffect.Server
	released *pgschema.Schema // what released code knows
	now      *pgschema.Schema // what the files so far lead to
	linter   *pglint.Linter   // has the same of its own
	rules    Rules
	doubts   []plans.Finding
	// assumed is true when the history could not be read as a whole.
	assumed bool
	// apart is true when each file is released before the next one.
	apart bool
	ahead *pgsyntax.Ahead
}

// ReadAhead begins to read files that will be judged.
func (p *Postgres) ReadAhead(files []plans.MigrationFile) {
	var texts [][]byte
	for _, f := range files {
		texts = append(texts, f.Up.Bytes, f.Down.Bytes)
	}
	p.ahead = pgsyntax.ReadAhead(texts)
}

// ForChangeSet returns a judge for the pending files of one change set: they
// reach the server together, and only what the history released is used by
// code that runs.
func ForChangeSet(h History, rules Rules) *Postgres {
	return (*Replays)(nil).ForChangeSet(h, rules)
}

// ForChangeSet is the function of that name for a history that may have been
// replayed before.
func (r *Replays) ForChangeSet(h History, rules Rules) *Postgres {
	return forChangeSet(h, r.after(h), rules)
}

func forChangeSet(h History, r replayed, rules Rules) *Postgres {
	p := &Postgres{
		server: pgeffect.Server{Major: h.Major}, released: r.released, now: r.before.Clone(), rules: rules,
		doubts: r.told(), assumed: r.incomplete,
	}
	if p.server.Major == 0 {
		p.server.Major = Newest
	}
	p.linter = rules.enable(pglint.ForChangeSet(p.server, r.released, r.before.Clone()))
	return p
}

// ForFolder returns a judge for files of which each is released before the
// next one, as far as anybody knows.
func ForFolder(server pgeffect.Server, rules Rules) *Postgres {
	return &Postgres{
		server: server, released: pgschema.New(), now: pgschema.New(), rules: rules,
		linter: rules.enable(pglint.New(server)), apart: true,
	}
}

// Doubts are findings about the history: what of the schema is not known.
func (p *Postgres) Doubts() []plans.Finding { return p.doubts }

// New reports whether no released code knows a relation, spelled as in
// Statement.Locks: the files judged so far, or unreleased ones before, made it.
func (p *Postgres) New(relation string) bool { return p.linter.Made(relation) }

// File judges a file. A finding of severity error means that the file is
// refused and the verdict must not be used. What its author answers is among
// the findings, with the answer.
func (p *Postgres) File(file plans.MigrationFile) (Verdict, []plans.Finding) {
	verdict, findings, answers := p.judge(file)
	stray := strayAnswers(file.Up.Path, slices.Concat(findings, verdict.Misplaced(plans.SeverityWarning)), answers)
	return verdict, p.rules.weigh(p.rules.apply(append(silence(findings, answers), stray...)))
}

// Lint judges a file as File does, and tells answered warnings apart. Where the
// file belongs is a warning here: nothing is planned.
func (p *Postgres) Lint(file plans.MigrationFile) (verdict Verdict, open []plans.Finding, answered []Answered) {
	verdict, findings, answers := p.judge(file)
	stray := strayAnswers(file.Up.Path, slices.Concat(findings, verdict.Misplaced(plans.SeverityWarning)), answers)
	if verdict.Class == plans.ClassAsk { // says the same of the file
		findings = slices.DeleteFunc(findings, func(f plans.Finding) bool { return f.Code == unreadableStatement })
	}
	findings = slices.Concat(findings, verdict.Misplaced(plans.SeverityWarning), stray)
	open, answered = apart(findings, answers)
	return verdict, p.rules.weigh(p.rules.apply(open)), answered
}

func (p *Postgres) judge(file plans.MigrationFile) (Verdict, []plans.Finding, []sqlscan.NoLint) {
	check := Check{Dialect: postgres}
	up := direction{check: check, file: file.Up, grammar: true, ahead: p.ahead}
	if !up.read() {
		return Verdict{}, withRoles(up.findings), nil
	}
	up.refuseEmpty()
	up.refuse()
	down := direction{check: check, file: file.Down, grammar: true, ahead: p.ahead}
	readable := file.Down.Path != "" && down.read()
	if readable {
		p.takes(&down)
	}
	verdict, found := p.verdict(&up)
	if readable {
		down.refuse()
		verdict.DownLocks = p.linter.Locks(down.trees)
		found = append(found, p.linter.NewValues(pglint.Text{Path: down.file.Path, Statements: down.trees, Apart: down.header.NoTransaction})...)
	}
	if up.header.PhaseReason != "" {
		answer(found, up.header)
	}
	mine := slices.Concat(up.findings, down.findings, wayBack(file, up.header, len(down.statements)))
	verdict, found = hideSecrets(verdict, once(mine, found), &up, &down)
	return verdict, withRoles(found), up.header.NoLint
}

// verdict judges the up file and then adds it to the schemas.
func (p *Postgres) verdict(up *direction) (Verdict, []plans.Finding) {
	v := Verdict{Irreversible: up.header.Irreversible, Mode: ModeTransaction}
	if up.header.NoTransaction || slices.ContainsFunc(up.statements, sqlscan.Statement.OutsideTransaction) {
		v.Mode = ModeStatement
	}
	p.place(&v, up)
	statements, findings := p.linter.Statements(pglint.Text{Path: up.file.Path, Statements: up.trees, Apart: up.header.NoTransaction})
	for i := range statements {
		if statements[i].Phase = phaseOf(v.Class); i < len(v.phases) {
			statements[i].Phase = v.phases[i]
		}
		if p.assumed {
			statements[i].Source = "assumed"
		}
	}
	if p.apart {
		var path pgschema.SearchPath
		for _, t := range up.trees {
			if t, set := path.Follow(p.released, t); !set {
				p.released.Apply(t)
			}
		}
	}
	v.Statements = statements
	v.Risk = p.Rate(v, nil)
	return v, findings
}

// once leaves out what others say of a place and a code that mine say as well,
// and what anybody says twice.
func once(mine, others []plans.Finding) []plans.Finding {
	type place struct {
		code, file, summary string
		line                int
	}
	said := map[place]bool{}
	for _, f := range mine {
		said[place{f.Code, f.File, "", f.Line}] = true
	}
	out := mine
	for _, f := range others {
		exact := place{f.Code, f.File, f.Summary, f.Line}
		if said[exact] || said[place{f.Code, f.File, "", f.Line}] {
			continue
		}
		said[exact] = true
		out = append(out, f)
	}
	return out
}

// withRoles says who must look at findings of rules that say so.
func withRoles(findings []plans.Finding) []plans.Finding {
	for i, f := range findings {
		if f.Roles != nil {
			continue
		}
		if rule, known := pgrule.Find(f.Code); known {
			findings[i].Roles = pglint.Roles(rule)
		}
	}
	return findings
}

const unreadableStatement = "unreadable-statement"

// answer takes what the author says of the whole file as the answer to what
// cannot be read in it.
func answer(findings []plans.Finding, header sqlscan.Header) {
	for i, f := range findings {
		if f.Code == unreadableStatement {
			findings[i].Severity, findings[i].Fix = plans.SeverityInfo, ""
			findings[i].Detail = fmt.Sprintf("the author says %s: %s", header.Phase, header.PhaseReason)
			findings[i].Accepted = header.PhaseReason
		}
	}
}
