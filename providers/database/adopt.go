package database

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/lockstep-dev/lockstep/internal/adopt"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// ToolSurveyor is a Driver that finds what other migration tools keep in a target.
type ToolSurveyor interface {
	// SurveyTools reads in one snapshot and never writes.
	SurveyTools(ctx context.Context, target Target) (ToolSurvey, error)
}

// ToolSurvey is what a target says about who migrated it.
type ToolSurvey struct {
	// Tables are those that may belong to a migration tool, by schema and
	// name; the rows of those that can be taken over are with them.
	Tables []adopt.Table
	// Foreign is true when the version table of the database block belongs to
	// another tool than golang-migrate; State is then the zero value.
	Foreign bool
	State   State
	// Migrating says who holds golang-migrate's lock while the version is
	// dirty: it has not failed then, it has not ended.
	Migrating string
}

// ErrMovedOn is wrapped when a target is not as it was shown any more.
var ErrMovedOn = errors.New("the database has changed since it was shown; look again")

// Marks of rows that Lockstep did not apply itself.
const (
	// ImportRun is the run of rows that were taken over from another tool;
	// their step is "import from TOOL", and says so when the content was not
	// verified.
	ImportRun = "import"
	// RepairRun is the run of rows that lockstep repair wrote.
	RepairRun = "repair"
)

// keeping is how long import and repair try for the locks.
const keeping = 10 * time.Second

func (p *Provider) surveyor() (ToolSurveyor, error) {
	s, ok := p.driver.(ToolSurveyor)
	if !ok {
		return nil, fmt.Errorf("driver %s: databases of other tools cannot be taken over here; apply through golang-migrate's table instead", p.driver.Name())
	}
	return s, nil
}

// SurveyTools reads who migrated a target. Settings are the database block's.
func (p *Provider) SurveyTools(ctx context.Context, settings json.RawMessage) (ToolSurvey, error) {
	target, err := p.decodeTarget(settings)
	if err != nil {
		return ToolSurvey{}, err
	}
	surveyor, err := p.surveyor()
	if err != nil {
		return ToolSurvey{}, err
	}
	survey, err := surveyor.SurveyTools(ctx, target)
	return survey, HideURL(target.URL, err)
}

// AdoptRequest is an import that a person has agreed to.
type AdoptRequest struct {
	Settings json.RawMessage
	Adoption adopt.Adoption
	// Seen is what the adoption was made from; the target must still be so.
	Seen  ToolSurvey
	Actor string
	// Say reports a line for people; it may not be nil.
	Say func(line string)
}

// Adopt enters another tool's migrations into the history, and the version
// into golang-migrate's table, in one transaction. The other tool's table is
// not touched. Errors wrap ErrMovedOn when the target is not as Seen.
func (p *Provider) Adopt(ctx context.Context, req AdoptRequest) error {
	target, err := p.decodeTarget(req.Settings)
	if err != nil {
		return err
	}
	return HideURL(target.URL, p.holding(ctx, keeper{target, ImportRun, req.Say}, func(s Session) error {
		if err := p.unmoved(ctx, target, req.Seen); err != nil {
			return err
		}
		return s.Write(ctx, func(b Books, q Querier) error {
			if err := b.Prepare(ctx, q); err != nil {
				return err
			}
			if err := b.adopt(ctx, q, p.adoptedRows(req)); err != nil || req.Adoption.Version == req.Seen.State.Version {
				return err
			}
			return b.SetVersion(ctx, q, req.Adoption.Version)
		})
	}))
}

// keeper is care for a target outside of a run.
type keeper struct {
	target Target
	verb   string
	say    func(line string)
}

// holding does work under the locks that keep other migrations out.
func (p *Provider) holding(ctx context.Context, k keeper, work func(Session) error) (err error) {
	session, err := p.driver.Open(ctx, Job{
		Target: k.target, Run: soleName(k.verb), Step: "database." + k.target.Name, Exclusive: true, Patience: keeping,
		Say:    func(format string, args ...any) { k.say(fmt.Sprintf(format, args...)) },
		Record: func(any) error { return nil },
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	return work(session)
}

// soleName is no other process's: opening a session ends what an earlier one
// of the same name left, which must not be somebody else's work.
func soleName(verb string) string { return verb + "-" + rand.Text()[:8] }

// unmoved compares what was shown with what is there now, under the locks.
func (p *Provider) unmoved(ctx context.Context, target Target, seen ToolSurvey) error {
	surveyor, err := p.surveyor()
	if err != nil {
		return err
	}
	now, err := surveyor.SurveyTools(ctx, target)
	if err != nil {
		return err
	}
	same := reflect.DeepEqual(seen.Tables, now.Tables) && seen.State.Version == now.State.Version &&
		seen.State.Dirty == now.State.Dirty && len(seen.State.History) == len(now.State.History)
	if !same {
		return ErrMovedOn
	}
	return nil
}

// Covers reports whether the history itself says how the schema came to its
// version.
func (s State) Covers() bool {
	row, ok := s.receipt(s.Version)
	return ok && row.Up != ""
}

// adoptedRow is a row of the history for what another tool applied.
type adoptedRow struct {
	receipt Receipt
	at      string // RFC 3339; empty for now
}

func (p *Provider) adoptedRows(req AdoptRequest) []adoptedRow {
	rows := make([]adoptedRow, 0, len(req.Adoption.Entries))
	for _, e := range req.Adoption.Entries {
		rows = append(rows, adoptedRow{at: e.AppliedAt, receipt: Receipt{
			Version: e.Version, Name: e.Name, Up: e.Up, Down: e.Down, DownSQL: e.DownSQL, Canonical: p.canonical(e.UpSQL),
			Mode: "adopted", Run: ImportRun, Step: adoptedFrom(e, req.Adoption.Tool), Actor: cmp.Or(e.By, req.Actor),
		}})
	}
	return rows
}

func (b Books) adopt(ctx context.Context, q Querier, rows []adoptedRow) error {
	for _, row := range rows {
		if err := b.enterAdopted(ctx, q, row); err != nil {
			return fmt.Errorf("enter version %d into the history: %w", row.receipt.Version, err)
		}
	}
	return nil
}

// enterAdopted replaces a row of the same version, which can only be one
// without a digest.
func (b Books) enterAdopted(ctx context.Context, q Querier, row adoptedRow) error {
	version := int64(row.receipt.Version)
	if err := b.exec(ctx, q, `DELETE FROM {history} WHERE version = $1`, version); err != nil {
		return err
	}
	if err := b.insert(ctx, q, row.receipt, Measured{Rows: -1}); err != nil || row.at == "" {
		return err
	}
	return b.exec(ctx, q, `UPDATE {history} SET applied_at = `+cmp.Or(b.WriteTime, "$2")+` WHERE version = $1`, version, row.at)
}

// adoptedFrom stands in the history's step column of rows that were taken over.
func adoptedFrom(e adopt.Entry, tool adopt.Tool) string {
	from := "import from " + string(tool)
	if !e.Verified {
		from += ", content not verified"
	}
	return from
}

// canonical is the digest of a file without comments and white space; empty
// when it cannot be read.
func (p *Provider) canonical(text string) plans.Digest {
	statements, err := p.driver.Split([]byte(text))
	if err != nil || text == "" {
		return ""
	}
	return plans.DigestOf(sqlscan.Canonical([]byte(text), statements))
}
