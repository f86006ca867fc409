package memory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/providers"
)

// Verb is a method of the provider contract.
type Verb string

// Verbs.
const (
	Observe  Verb = "Observe"
	Apply    Verb = "Apply"
	Rollback Verb = "Rollback"
	Probe    Verb = "Probe"
)

// Kind is what goes wrong.
type Kind string

// Kinds of faults. For Observe and Probe all but Hang, Lie and Lost act as Fail.
const (
	// Fail returns an error and changes nothing.
	Fail Kind = "fail"
	// Blocked returns an error that wraps providers.ErrBlocked.
	Blocked Kind = "blocked"
	// Foreign returns an error that wraps providers.ErrForeign.
	Foreign Kind = "foreign"
	// Halfway does the first half of the effect and returns an error.
	Halfway Kind = "halfway"
	// Lost does the whole effect and returns an error, as a connection that
	// breaks behind a COMMIT does.
	Lost Kind = "lost"
	// Lie reports success (Probe: done) and changes nothing.
	Lie Kind = "lie"
	// Hang waits between the halves until Release is closed or the context
	// ends; then it goes on, or takes the first half back.
	Hang Kind = "hang"
	// Slow waits Fault.For between the halves or until the context ends.
	Slow Kind = "slow"
)

// Fault orders that something goes wrong.
type Fault struct {
	Verb    Verb
	Address string // empty: any address
	Nth     int    // which call of this verb at this address, from 1; 0: each
	Kind    Kind
	For     time.Duration   // Slow
	Release <-chan struct{} // Hang
	Reached chan<- struct{} // Hang and Slow: gets one value when it waits; may be nil
}

// ErrOrdered is wrapped by every error that a Fault made.
var ErrOrdered = errors.New("ordered fault")

func (p *Provider) faultAt(verb Verb, address string) Fault {
	nth := p.world.called(verb, address)
	for _, f := range p.faults {
		if f.Verb == verb && (f.Address == "" || f.Address == address) && (f.Nth == 0 || f.Nth == nth) {
			return f
		}
	}
	return Fault{}
}

// refusal is the error of a fault that prevents the effect, or nil.
func (f Fault) refusal(address string) error {
	switch f.Kind {
	case Fail:
		return fmt.Errorf("%s of %s: %w", f.Verb, address, ErrOrdered)
	case Blocked:
		return fmt.Errorf("%s of %s: %w: %w", f.Verb, address, ErrOrdered, providers.ErrBlocked)
	case Foreign:
		return fmt.Errorf("%s of %s: %w: %w", f.Verb, address, ErrOrdered, providers.ErrForeign)
	}
	return nil
}

// pause is what happens between the two halves of an effect.
func (f Fault) pause(ctx context.Context) error {
	if f.Kind != Hang && f.Kind != Slow {
		return ctx.Err()
	}
	if f.Reached != nil {
		f.Reached <- struct{}{}
	}
	var after <-chan time.Time
	if f.Kind == Slow {
		timer := time.NewTimer(f.For)
		defer timer.Stop()
		after = timer.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-f.Release:
		return nil
	case <-after:
		return nil
	}
}
