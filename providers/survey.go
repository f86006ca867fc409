package providers

import (
	"context"
	"encoding/json"

	"github.com/lockstep-dev/lockstep/plans"
)

// Surveyor is a Provider that can tell how large and how busy what a plan
// touches is now.
type Surveyor interface {
	// Survey reads the server's catalog and statistics and nothing of the
	// tables themselves. It waits for nobody's lock and lets nobody wait. What
	// the role may not see is a sentence in Unknown and no error. An error that
	// wraps errors.ErrUnsupported says that targets of this kind have no figures.
	// An index has IndexBytes and no Bytes.
	Survey(ctx context.Context, req SurveyRequest) (plans.Survey, error)
}

// SurveyRequest asks for figures of one target.
type SurveyRequest struct {
	Environment string
	// Address is the block's: database.orders.
	Address string
	// Settings are the block's real arguments as JSON, secrets included.
	Settings json.RawMessage
	// Relations are spelled as in plans.Statement.Locks.
	Relations []string
	// Needs are rights to look for; those that the role lacks are told.
	Needs []plans.Need
	// Live asks for the writes of one second from now on, which takes that
	// second; without it they are an average since the database's counters were
	// reset, where that was a minute ago or more.
	Live bool
}
