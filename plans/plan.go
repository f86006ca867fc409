package plans

import (
	"encoding/json"
	"time"
)

// FormatVersion is the version of the plan document that Encode writes and
// the only major version that Decode accepts.
const FormatVersion = "1.0"

// Plan is one change set ordered for one environment.
type Plan struct {
	FormatVersion string   `json:"format_version"`
	Tool          string   `json:"tool"` // "lockstep VERSION" that computed the plan
	ChangeSet     string   `json:"change_set"`
	Description   string   `json:"description,omitempty"`
	Owner         string   `json:"owner,omitempty"`
	Links         []string `json:"links,omitempty"`
	Environment   string   `json:"environment"`
	Protected     bool     `json:"protected,omitempty"`

	// Content identifies the change set in every environment: its source, the
	// migrations it covers, its Terraform sources, its artifacts' digests.
	Content Digest `json:"content_digest"`

	// Requires lists change sets that this environment must already have.
	Requires []string `json:"requires,omitempty"`
	// Upstream lists the environments that must have this change set, healthy,
	// with the same Content, for at least their soak time.
	Upstream []Upstream `json:"upstream,omitempty"`

	// After is the environment's latest run when the plan was made. It tells
	// a plan made again, after a run that was taken back, from the one that
	// the run used up: everything else in them may be equal.
	After string `json:"after,omitempty"`

	Policy       Policy        `json:"policy"`
	Variables    []Variable    `json:"variables,omitempty"`
	Inputs       []Input       `json:"inputs,omitempty"`
	Observations []Observation `json:"observations,omitempty"`
	Steps        []Step        `json:"steps"`
	Findings     []Finding     `json:"findings,omitempty"`
	// Surveys are figures of the databases that the plan migrates.
	Surveys []Survey `json:"surveys,omitempty"`
	// Roles must look at the plan, and why.
	Roles []RoleCall `json:"roles,omitempty"`

	// Settled says why no run is needed; then there are no steps. A plan that
	// has no steps and is not settled is still to be recorded by a run: all is
	// as wanted, and the journal does not say so.
	Settled Settled `json:"settled,omitempty"`
	// Held lists migrations of this database that wait for their contract
	// phase, so that another tool's "up" is known to be unsafe.
	Held []string `json:"held,omitempty"`
}

// Settled is the reason why a plan has no steps.
type Settled string

// Reasons for a plan without steps.
const (
	AlreadyApplied Settled = "already_applied" // the environment has this content
	Superseded     Settled = "superseded"      // a later change set has moved the targets on
)

// Upstream is an environment that comes before this one.
type Upstream struct {
	Environment string   `json:"environment"`
	SoakTime    Duration `json:"soak_time,omitempty"`
}

// Policy says what happens when the run fails.
type Policy struct {
	OnFailure  string   `json:"on_failure"` // "auto" or "pause"
	KeepSchema bool     `json:"keep_schema"`
	Timeout    Duration `json:"timeout,omitempty"` // bound of the rollback
}

// Variable records where a value came from, so that apply resolves it again.
// The value itself is recorded only when it is not sensitive.
type Variable struct {
	Name      string          `json:"name"`
	Value     json.RawMessage `json:"value,omitempty"`
	Sensitive bool            `json:"sensitive,omitempty"`
	// Source is "default", "env:LOCKSTEP_VAR_x", "file:PATH", "environment:NAME"
	// (its variables argument) or "flag".
	Source string `json:"source"`
}

// Input names one file of the bundle by content.
type Input struct {
	Role   string `json:"role"` // "config", "up", "down", "terraform-plan", "terraform-source"
	Path   string `json:"path"` // slash-separated, relative to the project
	Digest Digest `json:"digest"`
	Size   int64  `json:"size"`
}

// Finding is something a reviewer must see.
type Finding struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	Summary  string   `json:"summary"`
	Detail   string   `json:"detail,omitempty"`
	Fix      string   `json:"fix,omitempty"`
	Address  string   `json:"address,omitempty"`
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"`
	// Column is where the statement begins in its line, counted in characters
	// from 1; 0 stands for 1.
	Column int `json:"column,omitempty"`
	// Roles must look at it: "dba", "security", "release".
	Roles []string `json:"roles,omitempty"`
	// Accepted is the reason of an author who accepts it: "nolint CODE REASON".
	Accepted string `json:"accepted,omitempty"`
}

// Severity orders findings: error, warning, info.
type Severity string

// Severities from worst to least.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityInfo    Severity = "info"
)

// Block is one reason why a plan may not be applied now, who can lift it and
// what to type. Blocks depend on the clock and the journal, so they are
// computed beside a plan and are never part of its digest.
type Block struct {
	Code    string `json:"code"` // "upstream", "soak", "content", "hold", "requires", ...
	Summary string `json:"summary"`
	Who     string `json:"who"`            // who can unblock it
	Next    string `json:"next,omitempty"` // the command to type
	// Until is when it passes by itself, RFC 3339; empty if it does not.
	Until string `json:"until,omitempty"`
}

// Duration is a time.Duration that reads and writes as text ("1h30m0s").
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}
