package providers

import "context"

// Forgetter is a Provider whose targets keep a note of a try that may have
// left nothing else; see Report.Traces.
type Forgetter interface {
	// Forget takes the notes of a step away that is absent. It changes nothing
	// of a step that is there.
	Forget(ctx context.Context, req Request) error
}
