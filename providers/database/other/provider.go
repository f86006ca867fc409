package other

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// Provider carries out migrate steps through one of golang-migrate's drivers.
type Provider struct{ driver string }

// New returns a provider for a URL scheme of Linked.
func New(driver string) *Provider { return &Provider{driver: driver} }

var _ providers.Provider = (*Provider)(nil)

// connectTimeout bounds an attempt to look at the target.
const connectTimeout = 30 * time.Second

// Rerun says verify: the version tells whether a file was begun.
func (*Provider) Rerun(plans.Action) providers.Rerun { return providers.RerunVerify }

// Observe reads the schema version. golang-migrate's drivers make the version
// table while they connect, so this writes where there is none; the plan of
// such a database says so.
func (p *Provider) Observe(ctx context.Context, req providers.ObserveRequest) (out providers.Observed, err error) {
	target, err := database.DecodeTarget(req.Settings)
	if err != nil {
		return out, fmt.Errorf("%s: %w", req.Address, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", req.Address, database.HideURL(target.URL, err))
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	o, err := open(ctx, p.driver, target)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	version, dirty, err := o.version()
	if err != nil {
		return out, err
	}
	state := &plans.DatabaseState{Driver: p.driver, Dirty: dirty}
	if version > 0 {
		state.Version = strconv.FormatUint(version, 10)
	}
	out.Observation = plans.Observation{
		Address: req.Address, Provider: "database/" + p.driver, Identity: identify(target.URL), Database: state,
	}
	return out, nil
}

// task is one request made ready.
type task struct {
	driver          string
	request         providers.Request
	target          database.Target
	version, before uint64
	patience        time.Duration
}

func (p *Provider) task(req providers.Request) (*task, error) {
	m := req.Step.Migration
	if m == nil {
		return nil, fmt.Errorf("%s: the step has no migration", req.Step.Address)
	}
	t := &task{driver: p.driver, request: req, patience: time.Duration(req.Step.Timeout)}
	var err error
	if t.version, err = strconv.ParseUint(m.Version, 10, 64); err != nil || t.version == 0 || t.version > math.MaxInt64 {
		return nil, fmt.Errorf("%s: version %q, expected 1 to %d", req.Step.Address, m.Version, int64(math.MaxInt64))
	}
	if m.Before != "" {
		if t.before, err = strconv.ParseUint(m.Before, 10, 64); err != nil || t.before >= t.version {
			return nil, fmt.Errorf("%s: the version before is %q, expected one below %d", req.Step.Address, m.Before, t.version)
		}
	}
	if t.target, err = database.DecodeMigration(req.Settings); err != nil {
		return nil, fmt.Errorf("%s: %w", req.Step.Address, err)
	}
	if t.patience <= 0 {
		t.patience = database.DefaultPatience
	}
	return t, nil
}

// do opens the driver for one verb, with its lock when the verb writes.
func (t *task) do(ctx context.Context, write bool, verb func(*opened) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", t.request.Step.Address, database.HideURL(t.target.URL, err))
		}
	}()
	bounded, cancel := context.WithTimeout(ctx, t.patience)
	defer cancel()
	o, err := open(bounded, t.driver, t.target)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	if !write {
		return verb(o)
	}
	if err := t.lock(bounded, o); err != nil {
		return err
	}
	defer func() {
		if unlockErr := o.Unlock(); unlockErr != nil {
			err = errors.Join(err, fmt.Errorf("give the migration lock back: %w", unlockErr))
		}
	}()
	return verb(o)
}
