package database

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/lockstep-dev/lockstep/internal/doctor"
)

// HealthExaminer is a Driver that can tell how ready a target is.
type HealthExaminer interface {
	// CheckUp looks and never writes.
	CheckUp(ctx context.Context, target Target) ([]doctor.Sign, error)
}

// CheckUp tells how ready a target is. Settings are the database block's. A
// target that cannot be reached is a sign, too.
func (p *Provider) CheckUp(ctx context.Context, settings json.RawMessage) []doctor.Sign {
	target, err := p.decodeTarget(settings)
	if err != nil {
		return []doctor.Sign{{Subject: "settings", Verdict: doctor.Problem, Seen: err.Error(), Why: "nothing can be planned", Next: "correct the database block"}}
	}
	e, ok := p.driver.(HealthExaminer)
	if !ok {
		e = plainExaminer{p.driver}
	}
	signs, err := e.CheckUp(ctx, target)
	if err != nil {
		return append(signs, unreachable(target, err))
	}
	return signs
}

func unreachable(target Target, err error) doctor.Sign {
	s := doctor.Sign{
		Subject: "server", Verdict: doctor.Unreachable,
		Why: "nothing can be said about the rest", Next: "check the database block's url, and that the server runs",
	}
	if u, ok := errors.AsType[*UnreachedError](err); ok {
		err, s.Next = u.Cause, u.Next
	}
	s.Seen = HideURL(target.URL, err).Error()
	return s
}

// UnreachedError says why there is no connection, and what to do about it.
type UnreachedError struct {
	Cause error
	Next  string
}

// Error returns "CAUSE; NEXT".
func (e *UnreachedError) Error() string { return e.Cause.Error() + "; " + e.Next }

// Unwrap returns the cause.
func (e *UnreachedError) Unwrap() error { return e.Cause }

// plainExaminer says of any driver what its state tells.
type plainExaminer struct{ driver Driver }

// CheckUp implements HealthExaminer.
func (e plainExaminer) CheckUp(ctx context.Context, target Target) ([]doctor.Sign, error) {
	state, err := e.driver.State(ctx, target)
	if err != nil {
		return nil, err
	}
	schema := doctor.Sign{Subject: "schema", Verdict: doctor.OK, Seen: state.Words()}
	if state.Dirty {
		schema.Verdict, schema.Why, schema.Next = doctor.Problem, "another tool failed half-way", "lockstep repair shows what is there"
	}
	return []doctor.Sign{
		{Subject: "server", Verdict: doctor.OK, Seen: e.driver.Name() + ", " + state.Identity + "; rights, locks and settings are not looked at with this driver"},
		schema,
	}, nil
}

// Unrecorded reports whether there are tables that neither a version nor a
// history tells of.
func (s State) Unrecorded() bool {
	return !s.Fresh && s.Version == 0 && !s.Dirty && len(s.History) == 0
}

// Words is the state in short, for people.
func (s State) Words() string {
	switch {
	case s.Fresh && s.Version == 0:
		return "empty: no table of a user, no version"
	case s.Version == 0:
		return "no version"
	default:
		return "version " + describeVersion(s.Version)
	}
}
