package providers

import (
	"context"
	"encoding/json"

	"github.com/lockstep-dev/lockstep/plans"
)

// Drifter is a Provider that can compare a target with what was last applied
// to it. What is pending is no drift.
type Drifter interface {
	// Drift reads and changes nothing. It names objects and attributes, never
	// a value. An error says that the target could not be looked at.
	Drift(ctx context.Context, req DriftRequest) ([]DriftItem, error)
}

// DriftRequest asks for the drift of one target.
type DriftRequest struct {
	Environment string
	// Address is the block's: terraform.network, database.orders.
	Address string
	// Settings are the block's real arguments as JSON, secrets included.
	Settings json.RawMessage
	// Migrations are the files of a database's folder, by version.
	Migrations []plans.MigrationFile
	// Settled says that no change set has files of the database to apply, so
	// that one which was passed over is no pending one.
	Settled bool
	// Version is the one to which the journal's last run took a database,
	// decimal; empty when the journal knows of none.
	Version string
	// Run is that run.
	Run string
}

// DriftItem is one object that is not as it was applied.
type DriftItem struct {
	// Address is Terraform's, a migration's file name or an object's name.
	Address string
	// What is a word or two: changed, gone, edited, invalid index, ...
	What string
	// Detail is a sentence for people; it may be empty.
	Detail     string
	Attributes []string
	// ByHand says that an object of a database's schema is not as migrations
	// make it: only a migration, or a person, brings the two together.
	ByHand bool
}
