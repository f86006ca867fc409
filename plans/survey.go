package plans

// Survey is what a database's server said about the relations that a plan
// touches, when the plan was made. All of it is informative: none of it is
// ever a reason to refuse an apply.
type Survey struct {
	Address   string            `json:"address"` // database.orders
	Server    string            `json:"server"`  // "PostgreSQL 15.6"
	Host      string            `json:"host,omitempty"`
	Primary   bool              `json:"primary"`
	Relations []RelationFigures `json:"relations,omitempty"`
	// Transactions are those that were open for long, oldest first.
	Transactions []OpenTransaction `json:"transactions,omitempty"`
	Replicas     []ReplicaFigures  `json:"replicas,omitempty"`
	// Blind is true when the role may not see the sessions of others: then no
	// transaction and no replica is known, and there may be some.
	Blind bool `json:"blind,omitempty"`
	// Lacks are the rights that the role does not have and the plan needs.
	Lacks []Lack `json:"lacks,omitempty"`
	// Unknown says what could not be read, and why.
	Unknown []string `json:"unknown,omitempty"`
}

// RelationFigures are a table's size and traffic.
type RelationFigures struct {
	// Relation is spelled as in Statement.Locks.
	Relation string `json:"relation"`
	// Rows is the server's estimate (pg_class.reltuples); -1 when it has none.
	Rows int64 `json:"rows"`
	// Bytes are the table's with TOAST; IndexBytes those of its indexes.
	Bytes      int64 `json:"bytes"`
	IndexBytes int64 `json:"index_bytes"`
	// WritesPerSecond is an average over WritesOver ("1s" is now); -1 when it
	// is not known.
	WritesPerSecond float64  `json:"writes_per_second"`
	WritesOver      Duration `json:"writes_over,omitempty"`
	Partitions      int      `json:"partitions,omitempty"`
}

// OpenTransaction is one that would make a migration wait.
type OpenTransaction struct {
	PID         int      `json:"pid"`
	User        string   `json:"user,omitempty"`
	Application string   `json:"application,omitempty"`
	Age         Duration `json:"age"`
	State       string   `json:"state"` // "active", "idle in transaction"
	// Relations are those of the plan that it holds a lock on.
	Relations []string `json:"relations,omitempty"`
}

// ReplicaFigures are one standby's.
type ReplicaFigures struct {
	Name string   `json:"name"`
	Sync string   `json:"sync"` // "async", "sync", "quorum", "potential"
	Lag  Duration `json:"lag"`  // of replay; -1s when it is not known
}

// Estimate is an honest range of how long a statement holds its locks.
type Estimate struct {
	Low  Duration `json:"low"`
	High Duration `json:"high"`
	// Basis says what the range follows from: "catalog change", "reads 18 GB at
	// 200 to 1,000 MB/s".
	Basis string `json:"basis"`
	// Source labels it: "measured", "rule" or "assumed".
	Source string `json:"source"`
}

// RoleCall is a role that must look at a plan, and why.
type RoleCall struct {
	Role string   `json:"role"` // "dba", "security", "release"
	Why  []string `json:"why"`
}
