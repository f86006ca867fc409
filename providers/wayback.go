package providers

import (
	"context"

	"github.com/lockstep-dev/lockstep/plans"
)

// WayBacker is a Provider that can tell what Rollback would do to the objects
// of a target, without doing it.
type WayBacker interface {
	// WayBack reads and changes nothing that anybody uses. Its source is
	// measured, or none with the reason. An error says that the target could
	// not be looked at.
	WayBack(ctx context.Context, req Request) (plans.TerraformWayBack, error)
}
