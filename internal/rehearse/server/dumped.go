package server

import (
	"regexp"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// step is one statement of a dump.
type step struct {
	sqlscan.Statement

	// object is what the statement belongs to, by pg_dump's comment before it.
	object string
}

var label = regexp.MustCompile(`(?m)^-- Name: (.*); Type: (.*); Schema: (.*); Owner: .*$`)

// read cuts a dump into the statements that a scratch server is to run. Left
// out are psql's meta-commands (\restrict), and user mappings, which hold
// passwords and name other servers.
func read(text []byte) ([]step, error) {
	statements, err := sqlscan.Split(text)
	if err != nil {
		return nil, err
	}
	var steps []step
	object, end := "the dump's settings", 0
	for _, s := range statements {
		if names := label.FindAllSubmatch(text[end:s.Offset], -1); names != nil {
			object = objectOf(names[len(names)-1])
		}
		end = s.Offset + len(s.Text)
		if runs(s) {
			steps = append(steps, step{s, object})
		}
	}
	if len(steps) == 0 {
		return nil, errNothing
	}
	return steps, nil
}

func objectOf(name [][]byte) string {
	object, kind, schema := string(name[1]), string(name[2]), string(name[3])
	if schema == "-" {
		return kind + " " + object
	}
	return kind + " " + schema + "." + object
}

func runs(s sqlscan.Statement) bool {
	return (len(s.Words) == 0 || !strings.HasPrefix(s.Words[0], `\`)) && !s.Starts("CREATE", "USER", "MAPPING")
}

// opensServer reports a right to a function of PostgreSQL's own that someone was
// given at the target, such as pg_read_file: on this machine nobody has it.
func (s step) opensServer() bool { return strings.HasPrefix(s.object, "ACL pg_catalog.") }

// givesAway reports a statement that changes an owner. What only a superuser may
// own (event triggers, foreign-data wrappers) stays the superuser's.
func (s step) givesAway() bool {
	return s.Starts("ALTER") && slices.ContainsFunc(s.Tokens(), func(t sqlscan.Token) bool { return t.Is("OWNER") })
}

// knownTo is false for a setting that the server does not know, which pg_dump
// of a newer version writes.
func (s step) knownTo(settings []string) bool {
	const setting = 2 // SET name
	if !s.Starts("SET") || s.Starts("SET", "SESSION") || len(s.Words) != setting {
		return true
	}
	return slices.ContainsFunc(settings, func(known string) bool { return strings.EqualFold(known, s.Words[1]) })
}

func joined(steps []step) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString(s.Text)
		b.WriteString(";\n")
	}
	return b.String()
}
