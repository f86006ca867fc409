package providers

import "context"

// LateBinder is a Provider of steps whose target was not known when they were
// approved (plans.Step.Late).
type LateBinder interface {
	// Bind looks at a late step's target once it is known, and changes nothing.
	// What is told is as it was before the run: what the run itself has done
	// there is left out. A target at a place that the step's envelope does not
	// allow is an error that wraps ErrOutsideEnvelope, and no connection to it
	// is opened.
	Bind(ctx context.Context, req Request) (Observed, error)
}
