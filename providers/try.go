package providers

import "context"

// Trier is a Provider that can try a way back on the target itself and leave
// nothing behind.
type Trier interface {
	// TryRollback does what Rollback would do with the steps, in this order,
	// all of one target, and takes it back. An error tells which one fails
	// and why; nothing was changed either way. What would change rows is checked
	// and not run; what else would read them at length is not tried, nor what
	// comes after it.
	TryRollback(ctx context.Context, steps []Request) ([]Trial, error)
}

// Trial says of one step whether its way back was tried.
type Trial struct {
	Address string
	// Untried is why it was not; empty when it was, and ended well.
	Untried string
	// Checked is what of it was checked and not run; empty when all of it was.
	Checked string
}

// As finds an optional ability of a provider, behind whatever it is wrapped
// in (a wrapper has an Unwrap method).
func As[T any](p Provider) (ability T, ok bool) {
	for {
		if ability, ok = p.(T); ok {
			return ability, true
		}
		wrapper, wraps := p.(interface{ Unwrap() Provider })
		if !wraps {
			return ability, false
		}
		p = wrapper.Unwrap()
	}
}
