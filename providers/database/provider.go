package database

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// DefaultPatience is how long a step tries again when others hold its locks.
const DefaultPatience = 5 * time.Minute

// Provider carries out migrate steps on one kind of database. It implements
// providers.Provider; a driver's package embeds it.
type Provider struct {
	driver Driver

	mu   sync.Mutex
	last decoded
}

// decoded are settings and what they say. Those of a run's migrations are the
// same again and again.
type decoded struct {
	settings string
	target   Target
}

// New returns a provider of one kind of database.
func New(driver Driver) *Provider { return &Provider{driver: driver} }

var _ providers.Provider = (*Provider)(nil)

// Rerun says verify: a file in one transaction could be run again blindly,
// as its receipt tells that it is done, one outside of it could not, and the
// action alone does not tell them apart.
func (p *Provider) Rerun(plans.Action) providers.Rerun { return providers.RerunVerify }

// Observe reads the schema version and the history.
func (p *Provider) Observe(ctx context.Context, req providers.ObserveRequest) (providers.Observed, error) {
	if isBackfill(req.Address) {
		return p.observeBackfill(ctx, req)
	}
	target, err := p.decodeTarget(req.Settings)
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Address, err)
	}
	state, err := p.driver.State(ctx, target)
	if err != nil {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Address, HideURL(target.URL, err))
	}
	if state.Dirty && state.Migrating != "" {
		return providers.Observed{}, fmt.Errorf("%s: %w", req.Address, &MigratingError{state.Version, state.Migrating})
	}
	out := providers.Observed{Observation: plans.Observation{
		Address: req.Address, Provider: "database/" + p.driver.Name(), Identity: state.Identity,
		Database: state.observation(p.driver.Name()),
	}}
	if !req.BindingOnly {
		out.Informative = state.Informative
	}
	return out, nil
}

// task is one request made ready.
type task struct {
	provider  *Provider
	request   providers.Request
	migration plans.Migration
	version   uint64
	target    Target
	job       Job

	state   State  // of the target, as it was read or as the task has left it
	settled bool   // state is what a new reading would say
	running string // before state was read: what of an earlier process still ran
	begun   *turn  // the last statement that got a receipt of its own beforehand
	// early are the results of steps that were carried out together with one
	// before them, by address.
	early map[string]providers.Result
	sent  *sent // what is under way ahead of the task's turn; may be nil
}

func (p *Provider) task(req providers.Request) (*task, error) {
	if req.Step.Migration == nil {
		return nil, fmt.Errorf("%s: the step has no migration", req.Step.Address)
	}
	t := &task{provider: p, request: req, migration: *req.Step.Migration}
	var err error
	if t.version, err = strconv.ParseUint(t.migration.Version, 10, 64); err != nil || t.version == 0 || t.version > math.MaxInt64 {
		return nil, fmt.Errorf("%s: version %q, expected 1 to %d", req.Step.Address, t.migration.Version, int64(math.MaxInt64))
	}
	if t.target, err = p.target(req.Settings); err != nil {
		return nil, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	t.job = Job{
		Target: t.target, Run: cmp.Or(req.Mark, req.Run), Step: req.Step.Address, Exclusive: true,
		Patience: time.Duration(req.Step.Timeout), LockPatience: req.LockPatience, Say: t.say, Record: req.Record,
	}
	if t.job.Patience <= 0 {
		t.job.Patience = DefaultPatience
	}
	if t.job.Record == nil {
		t.job.Record = func(any) error { return nil }
	}
	return t, nil
}

func (p *Provider) target(settings json.RawMessage) (Target, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last.settings != "" && p.last.settings == string(settings) {
		return p.last.target, nil
	}
	target, err := decodeMigration(settings)
	if err == nil {
		err = p.atItsPlace(target)
	}
	if err == nil {
		p.last = decoded{string(settings), target}
	}
	return target, err
}

func (t *task) say(format string, args ...any) {
	if t.request.Progress != nil {
		t.request.Progress(fmt.Sprintf(format, args...))
	}
}

// do opens a session for one verb. Errors get the step's address and lose
// the connection's secrets.
func (t *task) do(ctx context.Context, verb func(context.Context, Session, State) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", t.request.Step.Address, HideURL(t.target.URL, err))
		}
	}()
	if err := ctx.Err(); err != nil {
		return err
	}
	session, err := t.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.leave(session, err != nil)) }()
	return verb(ctx, session, t.state)
}

// work reads a file from the bundle and cuts it, refusing what would end the
// transaction that it runs in.
func (t *task) work(direction, file string, text []byte) (Work, error) {
	statements, err := t.provider.driver.Split(text)
	if err != nil {
		return Work{}, fmt.Errorf("%s:%w", file, err)
	}
	if header, err := sqlscan.ParseHeader(text); err == nil && !header.NoTransaction {
		text, statements, _ = sqlscan.Unwrap(text, statements)
	}
	for _, s := range statements {
		if s.EndsTransaction() {
			return Work{}, fmt.Errorf("%s:%d: %s would end the migration's transaction; remove it", file, s.Line, s.Words[0])
		}
	}
	w := Work{File: file, SQL: text, Statements: statements, Locks: t.locks(direction)}
	w.Change.Direction = direction
	return w, nil
}

// stepwise reports whether statements have to run one at a time.
func stepwise(statements []sqlscan.Statement, text []byte) bool {
	for _, s := range statements {
		if s.OutsideTransaction() {
			return true
		}
	}
	header, err := sqlscan.ParseHeader(text)
	return err == nil && header.NoTransaction
}

// input returns one direction of the file from the bundle, and its path.
func (t *task) input(role string, digest plans.Digest) (text []byte, file string, err error) {
	file = t.migration.Version + "_" + t.migration.Name + "." + role + ".sql"
	for _, in := range t.request.Step.Inputs {
		if in.Role == role {
			file = in.Path
			if digest == "" {
				digest = in.Digest
			}
		}
	}
	if digest == "" {
		return nil, file, nil
	}
	if t.request.Blob == nil {
		return nil, file, fmt.Errorf("%s: the bundle has no files", file)
	}
	if text, err = t.request.Blob(digest); err != nil {
		return nil, file, fmt.Errorf("%s: %w", file, err)
	}
	if found := plans.DigestOf(text); found != digest {
		return nil, file, fmt.Errorf("%s: found content %s, expected %s", file, found.Short(), digest.Short())
	}
	return text, file, nil
}

func figures(m Measured) map[string]any {
	return map[string]any{
		"duration_ms": m.Duration.Milliseconds(), "lock_wait_ms": m.LockWait.Milliseconds(),
		"lock_queued_ms": m.Queued.Milliseconds(), "tries": m.Tries, "rows": m.Rows,
	}
}

// Facts are what a migrate step journals before its effect.
type Facts struct {
	XID string `json:"xid,omitempty"`
	PID int    `json:"pid,omitempty"`
}
