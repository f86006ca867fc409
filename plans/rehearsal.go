package plans

// Rehearsal is what became of one migration on a throw-away server before
// anything ran on the target.
type Rehearsal struct {
	// Server is the version of the throw-away server, "15.18".
	Server string `json:"server_version"`
	// Basis is where its schema came from: "target", copied from the target's
	// catalog, or "folder", made by running the files before this one.
	Basis string  `json:"basis"`
	Up    Outcome `json:"up"`
	Down  Outcome `json:"down"`
	// Restores is true when the down file leads back to the schema before, and
	// the up file from there to where it led at first.
	Restores bool  `json:"restores"`
	Grade    Grade `json:"grade"`
	// Differences are sentences: what is not as it was, or why it failed.
	Differences []string `json:"differences,omitempty"`
	// OnRows are sentences: what works on empty tables and fails on a row.
	OnRows []string `json:"on_rows,omitempty"`
	// Gone are tables and columns that were there before the up file and are
	// not behind it.
	Gone []string `json:"gone,omitempty"`
	// Dropped are the objects that the up file drops.
	Dropped []Dropped `json:"dropped,omitempty"`
	// Naming are routines that stay and name in their bodies what is dropped:
	// calling them fails from then on.
	Naming []string `json:"naming,omitempty"`
	// Unseen says what could not be measured.
	Unseen []string `json:"unseen,omitempty"`
}

// Dropped is an object that is gone behind a statement of a migration.
type Dropped struct {
	Line int `json:"line"`
	// Kind is PostgreSQL's word: "table", "table column", "view", "trigger".
	Kind     string `json:"kind"`
	Identity string `json:"identity"`
	// Why is "named" where the statement names it, "cascade" where it depended
	// on what is named, "part" where it belonged to it.
	Why string `json:"why"`
}

// Outcome is what became of one direction of a rehearsed migration.
type Outcome string

// Outcomes.
const (
	OutcomeOK      Outcome = "ok"
	OutcomeFailed  Outcome = "failed"
	OutcomeMissing Outcome = "missing" // there is no file
	OutcomeSkipped Outcome = "skipped" // an up file before it failed
)

// QueryEvidence is what a rehearsal found of the statements that the
// application runs today.
type QueryEvidence struct {
	// From names the sources: "pg_stat_statements of the target", "queries/".
	From []string `json:"from"`
	// Tried statements were prepared before and after; Unjudged ones the server
	// refused already before.
	Tried    int          `json:"tried"`
	Unjudged int          `json:"unjudged,omitempty"`
	Breaks   []QueryBreak `json:"breaks,omitempty"`
	// ExpandSafe is true when the evidence says that old code survives it, and
	// Reason says how much was seen.
	ExpandSafe bool   `json:"expand_safe"`
	Reason     string `json:"reason"`
	// Doubts say why nothing follows from a statement that was not seen. With
	// one of them, what nobody was seen to use may still be used.
	Doubts []string `json:"doubts,omitempty"`
}

// QueryBreak is one statement of the application that does not work as before
// after a migration.
type QueryBreak struct {
	Kind    string `json:"kind"`
	SQL     string `json:"sql"`
	Where   string `json:"where"` // "shop.sql:12 (GetOrder)" or "pg_stat_statements 7284912"
	Object  string `json:"object,omitempty"`
	Summary string `json:"summary"`
	Fix     string `json:"fix,omitempty"`
	// Contract is true when the migration belongs after the deployment for it.
	Contract bool `json:"contract"`
	// CallsPerDay and TimePerDay are measured; both are 0 where nobody counted.
	CallsPerDay float64  `json:"calls_per_day,omitempty"`
	TimePerDay  Duration `json:"time_per_day,omitempty"`
	Source      string   `json:"source"` // "measured"
}
