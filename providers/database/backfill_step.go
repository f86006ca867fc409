package database

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// isBackfill tells a backfill's address from a database's.
func isBackfill(address string) bool { return strings.HasPrefix(address, "backfill.") }

// observeBackfill reads the cursor and the figures of the table.
func (p *Provider) observeBackfill(ctx context.Context, req providers.ObserveRequest) (providers.Observed, error) {
	var out providers.Observed
	out.Address, out.Provider = req.Address, "database/"+p.driver.Name()
	driver, err := p.backfiller(req.Address)
	if err != nil || req.Late {
		out.Late = true
		return out, err
	}
	var in struct {
		Database json.RawMessage `json:"database"`
		Table    string          `json:"table"`
		Key      string          `json:"key"`
	}
	if err := json.Unmarshal(req.Settings, &in); err != nil {
		return out, fmt.Errorf("%s: settings of the backfill: not the expected JSON object", req.Address)
	}
	target, err := p.decodeTarget(in.Database)
	if err != nil {
		return out, fmt.Errorf("%s: %w", req.Address, err)
	}
	survey, err := driver.Survey(ctx, target, SurveyOrder{CursorKey{req.ChangeSet, req.Address}, in.Table, in.Key, req.BindingOnly})
	if err != nil {
		return out, fmt.Errorf("%s: %w", req.Address, HideURL(target.URL, err))
	}
	out.Identity, out.Backfill = survey.Identity, survey.Cursor.state()
	if !req.BindingOnly {
		out.Informative, err = json.Marshal(survey.Figures)
	}
	return out, err
}

func (p *Provider) backfiller(address string) (Backfiller, error) {
	driver, ok := p.driver.(Backfiller)
	if !ok {
		return nil, fmt.Errorf("%s: driver %q cannot carry out backfills in this version; write the update as a migration, or run it outside of Lockstep", address, p.driver.Name())
	}
	return driver, nil
}

// filling is one backfill request made ready.
type filling struct {
	driver    Backfiller
	request   providers.Request
	spec      plans.Backfill
	statement sqlscan.Statement
	job       Job
	key       CursorKey
	pace      pace
	report    progress
	replicas  replicas
	figures   fillingFigures
	left      int64 // rows left when they were last counted; -1 before
	recorded  bool
}

// fillingFigures are facts of this process's part of the work.
type fillingFigures struct {
	batches, keys, rows, crowded, lost int64
	held                               time.Duration
}

func (p *Provider) filling(req providers.Request) (*filling, error) {
	driver, err := p.backfiller(req.Step.Address)
	if err != nil {
		return nil, err
	}
	if req.Step.Backfill == nil {
		return nil, fmt.Errorf("%s: the step has no backfill", req.Step.Address)
	}
	f := &filling{driver: driver, request: req, spec: *req.Step.Backfill, key: CursorKey{req.ChangeSet, req.Step.Address}, left: -1}
	var in struct {
		Database json.RawMessage `json:"database"`
	}
	if err := json.Unmarshal(req.Settings, &in); err != nil {
		return nil, fmt.Errorf("%s: settings of the backfill: not the expected JSON object", req.Step.Address)
	}
	target, err := p.decodeTarget(in.Database)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	statements, err := driver.Split([]byte(f.spec.Update))
	if err != nil || len(statements) != 1 || statements[0].EndsTransaction() {
		return nil, fmt.Errorf("%s: the update is not one statement that can run in a transaction", req.Step.Address)
	}
	f.statement = statements[0]
	if left := req.Held.Take(); left != nil {
		_ = left.Close() // what the step before has left is of no use, and everything in it is committed
	}
	f.job = Job{Target: target, Run: cmp.Or(req.Mark, req.Run), Step: req.Step.Address, Patience: cmp.Or(req.LockPatience, DefaultPatience), Say: f.say, Record: req.Record}
	f.pace = newPace(f.spec)
	return f, nil
}

func (f *filling) say(format string, args ...any) {
	if f.request.Progress != nil {
		f.request.Progress(fmt.Sprintf(format, args...))
	}
}

// wrap puts the step's address in front and hides the connection's secrets.
func (f *filling) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", f.request.Step.Address, HideURL(f.job.Target.URL, err))
}

func (f *filling) applyTo(ctx context.Context) (providers.Result, error) {
	if err := ctx.Err(); err != nil {
		return providers.Result{}, err
	}
	cursor, err := f.survey(ctx)
	if err != nil {
		return providers.Result{}, err
	}
	if f.done(cursor) {
		return providers.Result{Summary: "ran to its end at " + cursor.Finished + " already"}, nil
	}
	cursor, err = f.persist(ctx)
	if err != nil {
		return providers.Result{}, err
	}
	return providers.Result{Summary: f.summary(cursor), Changed: true, Figures: f.measured(cursor)}, nil
}

// survey reads the cursor after what an earlier process left has ended.
func (f *filling) survey(ctx context.Context) (_ Cursor, err error) {
	session, err := f.driver.Open(ctx, f.job)
	if err != nil {
		return Cursor{}, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	found, err := f.driver.Survey(ctx, f.job.Target, SurveyOrder{f.key, f.spec.Table, f.spec.Key, true})
	return found.Cursor, err
}

func (f *filling) done(cursor Cursor) bool {
	return cursor.state().Done(f.spec.Definition, f.spec.Remaining)
}

// probeTarget tells how far the cursor has come.
func (f *filling) probeTarget(ctx context.Context) (providers.Report, error) {
	cursor, err := f.survey(ctx)
	switch {
	case err != nil:
		return providers.Report{}, err
	case cursor.Definition == "":
		return report(providers.Absent, "the database has no cursor of it")
	case cursor.Definition != f.spec.Definition:
		return report(providers.Absent, "the cursor belongs to the text that the block had in run %s", cursor.Run)
	case f.done(cursor):
		return report(providers.Done, "the cursor says finished at %s, run %s", cursor.Finished, cursor.Run)
	case cursor.Batches == 0:
		return report(providers.Absent, "the cursor is before the first key")
	case cursor.LastKey == nil:
		return report(providers.Partial, "%s changed; the next pass is before its first key", rowsOf(cursor.Rows))
	}
	return report(providers.Partial, "%s changed, up to key %s of %s", rowsOf(cursor.Rows), *cursor.LastKey, text(cursor.UpTo))
}

func text(key *string) string {
	if key == nil {
		return "none"
	}
	return *key
}

// rollBack has no way: what the rows held before is nowhere.
func (f *filling) rollBack(ctx context.Context) (providers.Result, error) {
	if err := ctx.Err(); err != nil {
		return providers.Result{}, err
	}
	found, err := f.probeTarget(ctx)
	if err != nil {
		return providers.Result{}, err
	}
	if found.Verdict == providers.Absent {
		return providers.Result{Summary: "no row was changed"}, nil
	}
	return providers.Result{}, fmt.Errorf("%w: %s, and what the rows held before is kept nowhere", providers.ErrIrreversible, found.Detail)
}
