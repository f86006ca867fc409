package plans

import "encoding/json"

// Observation is what a provider saw at one target before planning. What is
// in exactly one of the typed fields binds: apply compares it again and
// refuses (exit 3) when it differs. Informative figures never refuse.
type Observation struct {
	Address  string `json:"address"` // database.orders, terraform.cache, deployment.directory.api, artifact.file.api
	Provider string `json:"provider"`
	// Identity names the target itself, so that another target behind the
	// same address is noticed ("system 7423…, database orders (16384)").
	Identity string `json:"identity,omitempty"`
	// Late is true when the target cannot be looked at yet.
	Late bool `json:"late,omitempty"`

	Database   *DatabaseState   `json:"database,omitempty"`
	Terraform  *TerraformState  `json:"terraform,omitempty"`
	Artifact   *ArtifactState   `json:"artifact,omitempty"`
	Deployment *DeploymentState `json:"deployment,omitempty"`
	Backfill   *BackfillState   `json:"backfill,omitempty"`

	Informative json.RawMessage `json:"informative,omitempty"`
}

// DatabaseState is a database's schema version and history.
type DatabaseState struct {
	Driver string `json:"driver"`
	// Version is the row of schema_migrations, decimal; empty when none.
	Version string `json:"version,omitempty"`
	Dirty   bool   `json:"dirty,omitempty"`
	// Fresh is true when there is neither history nor any user table.
	Fresh bool `json:"fresh,omitempty"`
	// Pooled is true when a connection pooler stands in front of it and the
	// block's way of locking does not work through one.
	Pooled bool `json:"pooled,omitempty"`
	// Applied lists the files this database has, by version.
	Applied []AppliedMigration `json:"applied,omitempty"`
}

// AppliedMigration is one row of lockstep.history.
type AppliedMigration struct {
	Version   string `json:"version"`
	Name      string `json:"name"`
	Up        Digest `json:"up,omitempty"` // empty for a version known from schema_migrations alone
	Down      Digest `json:"down,omitempty"`
	Phase     Phase  `json:"phase,omitempty"`
	ChangeSet string `json:"change_set,omitempty"`
	Run       string `json:"run,omitempty"`
	At        string `json:"at,omitempty"` // RFC 3339, the target's clock
	// Canonical is the digest of the up file without comments and white space,
	// empty when it is not recorded. It only explains a difference, so it is
	// not a part of the plan.
	Canonical Digest `json:"-"`
}

// ArtifactState is an artifact's content as its source has it now.
type ArtifactState struct {
	Digest Digest `json:"digest"`
	Size   int64  `json:"size"`
}

// DeploymentState is what a deployment target runs now.
type DeploymentState struct {
	Current  Digest `json:"current,omitempty"`
	Previous Digest `json:"previous,omitempty"`
}
