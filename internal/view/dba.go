package view

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

// DBA writes what the one who answers for the databases wants to know: of
// every statement what it takes, what it stops, for how long, how big that is,
// and whether it can be undone; then what stands in its way now.
func (v Plan) DBA(r Review) error {
	p := newPage(v.Out)
	heading(p, r.Plan)
	if settled(p, r.Plan) {
		blocked(p, r.Blocked)
		next(p, r)
		return p.flush()
	}
	all := databases(r.Plan)
	if len(all) == 0 {
		p.paragraph("", "No step of this plan runs SQL.")
	}
	for i, d := range all {
		if i > 0 {
			p.line("")
		}
		d.write(p)
	}
	p.line("")
	if len(all) > 0 {
		p.paragraph("Figures: ", "measured was seen on a throw-away server or read from the target; rule follows from PostgreSQL's manual; "+
			"assumed is the author's word or a guess. est.: times are estimates, made from sizes and rates; waiting for a lock is not in them.")
	}
	dangers(p, r.Plan)
	evidence(p, r.Plan)
	roleCalls(p, r.Plan)
	totals(p, r)
	findings(p, r.Plan.Findings, len(r.Plan.Findings))
	blocked(p, r.Blocked)
	next(p, r)
	return p.flush()
}

// databaseBlock is one database of a plan with the steps that run SQL there.
type databaseBlock struct {
	plan     *plans.Plan
	address  string
	steps    []int // indexes into the plan's steps
	survey   *plans.Survey
	observed *plans.Observation
}

// databases are in the order in which the plan comes to them.
func databases(plan *plans.Plan) []databaseBlock {
	var all []databaseBlock
	for i := range plan.Steps {
		s := &plan.Steps[i]
		if s.Migration == nil && s.Backfill == nil {
			continue
		}
		at := slices.IndexFunc(all, func(d databaseBlock) bool { return d.address == s.Target })
		if at < 0 {
			at = len(all)
			all = append(all, databaseOf(plan, s.Target))
		}
		all[at].steps = append(all[at].steps, i)
	}
	return all
}

func databaseOf(plan *plans.Plan, address string) databaseBlock {
	d := databaseBlock{plan: plan, address: address}
	for i := range plan.Surveys {
		if plan.Surveys[i].Address == address {
			d.survey = &plan.Surveys[i]
		}
	}
	for i := range plan.Observations {
		if plan.Observations[i].Address == address {
			d.observed = &plan.Observations[i]
		}
	}
	return d
}

func (d databaseBlock) write(p *page) {
	d.title(p)
	for _, i := range d.steps {
		p.line("")
		d.step(p, i)
	}
	p.line("")
	d.settings(p)
	d.traffic(p)
}

// title is "Database orders (PostgreSQL 15.6, primary 10.2.0.11)  6 -> 8".
func (d databaseBlock) title(p *page) {
	name := strings.TrimPrefix(safe(d.address), "database.")
	about := d.server()
	if d.survey != nil && d.survey.Server != "" { // otherwise nothing was told
		role := "primary"
		if !d.survey.Primary {
			role = "STANDBY"
		}
		about += ", " + strings.TrimSpace(role+" "+safe(d.survey.Host))
	}
	p.paragraph(p.out.Paint(terminal.Strong, "Database "+name)+" ", "("+about+"), "+d.versions())
	d.stops(p)
}

// server is the version that the target told, or the kind of database.
func (d databaseBlock) server() string {
	if d.survey != nil && d.survey.Server != "" {
		return safe(d.survey.Server)
	}
	var told struct {
		Version string `json:"server_version"`
	}
	if d.observed != nil && json.Unmarshal(d.observed.Informative, &told) == nil && told.Version != "" {
		return d.kind() + " " + safe(told.Version)
	}
	return d.kind()
}

// versions is "version 6 -> 8"; what was not read is left out.
func (d databaseBlock) versions() string {
	from, to := "", ""
	if d.observed != nil && d.observed.Database != nil {
		from = cmp.Or(safe(d.observed.Database.Version), "empty")
	}
	for _, i := range d.steps {
		if m := d.plan.Steps[i].Migration; m != nil {
			to = safe(m.Version)
		}
	}
	switch {
	case to == "":
		return strings.TrimSpace("stays at version " + cmp.Or(from, "that it has"))
	case from == "":
		return "to version " + to
	}
	return "version " + from + " -> " + to
}

// kind is "postgres", "mysql", "sqlite".
func (d databaseBlock) kind() string {
	return strings.TrimPrefix(safe(d.plan.Steps[d.steps[0]].Provider), "database/")
}

// limits are the arguments of a database block that a DBA asks for.
type limits struct {
	Database struct {
		LockTimeout      string `json:"lock_timeout"`
		StatementTimeout string `json:"statement_timeout"`
		Lock             string `json:"lock"`
		Migrations       string `json:"migrations"`
		Rehearse         string `json:"rehearse"`
	} `json:"database"`
}

func limitsOf(s *plans.Step) (l limits) {
	_ = json.Unmarshal(s.Settings, &l) // what is masked or missing is not shown
	return l
}

func (d databaseBlock) settings(p *page) {
	var words []string
	l := limitsOf(&d.plan.Steps[d.steps[0]]).Database
	if l.LockTimeout != "" {
		words = append(words, "lock_timeout "+safe(l.LockTimeout))
	}
	if l.StatementTimeout != "" {
		words = append(words, "statement_timeout "+safe(l.StatementTimeout))
	}
	if l.Lock != "" {
		words = append(words, "lock = "+strconv.Quote(safe(l.Lock)))
	}
	labelled(p, "settings", strings.Join(words, ", "))
}
