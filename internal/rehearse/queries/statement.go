package queries

import "time"

// Statement is one statement that an application runs.
type Statement struct {
	// SQL is its text with $1, $2 ... for what differs from call to call.
	SQL string
	// Parameters are the names of $1, $2 ... where the source gives names.
	Parameters []string
	// Name is the name that a sqlc file gives it, or its queryid.
	Name string
	// File and Line are where it begins; only of a statement from a folder.
	File string
	Line int
	// Users ran it; only of a statement from pg_stat_statements.
	Users []string
	// SearchPath is the search_path that is set for its user or for the
	// database on the target, as SET takes it; "" where neither has one.
	SearchPath string
	// Nested is true when it ran inside of a function: it has no result that a
	// client knows.
	Nested bool
	Usage  Usage
}

// Usage is how much a statement ran. The zero value means that nobody counted.
type Usage struct {
	Calls int64         // since the statistics were reset
	Time  time.Duration // spent in executing it, since the reset
	// Days is the time since the reset, in days; 0 when the server does not
	// tell (PostgreSQL before 14).
	Days float64
}

// PerDay returns calls and time of one day. A shorter time than a day counts
// as one: a rate is never guessed from minutes. ok is false when it is not
// known how long was counted.
func (u Usage) PerDay() (calls float64, spent time.Duration, ok bool) {
	if u.Days <= 0 {
		return 0, 0, false
	}
	days := max(1, u.Days)
	return float64(u.Calls) / days, time.Duration(float64(u.Time) / days), true
}

// Seen says how much of an application was seen, and what was not.
type Seen struct {
	Source     string // "pg_stat_statements" or "folder"
	Statements int    // that are to be tried
	Calls      int64  // of them, since the reset
	Days       float64
	// Hidden counts the entries whose text the role may not read, and their
	// calls.
	Hidden      int
	HiddenCalls int64
	// LeftOut counts entries that no migration of the application breaks, or
	// that cannot be prepared: utility statements, reads of the catalog, and
	// the books of Lockstep and of other migration tools.
	LeftOut int
	// Commands are the texts of utility statements, which cannot be prepared:
	// COPY, CALL, REFRESH.
	Commands []string
	// Unheard is true when the server does not count utility statements.
	Unheard bool
	// Forgotten counts how often the server threw entries away to make room;
	// 0 before PostgreSQL 14, which does not count.
	Forgotten int64
}

// Workload is what an application runs, as far as was seen.
type Workload struct {
	Statements []Statement
	Seen       Seen
}

// And joins what two sources saw. The statistics' calls and days stay.
func (w Workload) And(other Workload) Workload {
	w.Statements = append(w.Statements[:len(w.Statements):len(w.Statements)], other.Statements...)
	switch {
	case w.Seen.Source == "":
		w.Seen.Source = other.Seen.Source
	case other.Seen.Source != "" && other.Seen.Source != w.Seen.Source:
		w.Seen.Source += " and " + other.Seen.Source
	}
	w.Seen.Statements += other.Seen.Statements
	w.Seen.Calls += other.Seen.Calls
	w.Seen.Days = max(w.Seen.Days, other.Seen.Days)
	w.Seen.Hidden += other.Seen.Hidden
	w.Seen.HiddenCalls += other.Seen.HiddenCalls
	w.Seen.LeftOut += other.Seen.LeftOut
	w.Seen.Commands = append(w.Seen.Commands[:len(w.Seen.Commands):len(w.Seen.Commands)], other.Seen.Commands...)
	w.Seen.Unheard = w.Seen.Unheard || other.Seen.Unheard
	w.Seen.Forgotten += other.Seen.Forgotten
	return w
}
