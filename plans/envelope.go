package plans

import "strings"

// Envelope bounds what a late step may become. It is approved with the plan,
// and compared with what is there right before the first step that needs it.
type Envelope struct {
	// Actions are the Terraform actions that may appear.
	Actions []string `json:"actions,omitempty"`
	// NonDestructive means: nothing is taken away, unless from what this run
	// has made itself.
	NonDestructive bool `json:"non_destructive,omitempty"`
	// Hosts are patterns of the hosts at which a database may be, with * for
	// anything. Without any it may be at every host.
	Hosts []string `json:"hosts,omitempty"`
	// Database is what the database has to be before the run changes it; nil
	// where the step does not depend on that.
	Database *DatabaseBound `json:"database,omitempty"`
	// Reason is for people: what is unknown and until when.
	Reason string `json:"reason"`
}

// DatabaseBound is the state in which a database has to be found.
type DatabaseBound struct {
	// Version is the schema version, decimal; empty stands for a database
	// without any table and without a history.
	Version string `json:"version,omitempty"`
}

// Words say it for people.
func (b DatabaseBound) Words() string {
	if b.Version == "" {
		return "an empty database"
	}
	return "a database at version " + b.Version
}

// Matches reports whether a text fits a pattern in which * stands for anything,
// dots and nothing at all included.
func Matches(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[last])
}
