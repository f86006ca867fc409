// Package contestant knows the migration tools that are measured side by side:
// how each is installed, how it wants its files, and how its users run it. A
// tool that cannot be had is named with the reason, never left out in silence.
package contestant

import (
	"fmt"
	"os"
	"time"

	"github.com/lockstep-dev/lockstep/internal/bench/corpus"
	"github.com/lockstep-dev/lockstep/internal/bench/process"
)

// Tool is one migration tool, as its users run it.
type Tool struct {
	Name    string
	Version string
	Kind    Kind
	// layout writes the files, project what else the tool wants in its folder.
	layout  corpus.Layout
	project func(dir string, server Server, databases []string) error
	apply   func(Job) process.Command
	status  func(Job) process.Command // nil: it has no such command
	lint    func(files []string) process.Command
	found   int // the exit code of lint when it has found something
}

// Kind is what a tool is in the comparison.
type Kind int

// The kinds: a floor applies the files and records nothing.
const (
	Peer Kind = iota
	Floor
	Lockstep
)

// Server makes the connection URL of a database. The name may be a placeholder
// that somebody else replaces.
type Server func(database string) string

// Job is one run of a tool.
type Job struct {
	// Dir holds what Write wrote.
	Dir      string
	Server   Server
	Database string
	// LockTimeout is set as a user would who has read the tool's manual: as a
	// run-time parameter of the connection. Zero leaves the tool as it comes.
	// Lockstep is always as it comes.
	LockTimeout time.Duration
}

// Write fills an empty or missing folder for runs on the databases.
func (t Tool) Write(dir string, files []corpus.Migration, server Server, databases ...string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if t.project == nil {
		return t.layout(dir, files)
	}
	return t.writeProject(dir, files, server, databases)
}

func (t Tool) writeProject(dir string, files []corpus.Migration, server Server, databases []string) error {
	if err := os.MkdirAll(migrations(dir), 0o700); err != nil {
		return err
	}
	if err := t.layout(migrations(dir), files); err != nil {
		return err
	}
	return t.project(dir, server, databases)
}

// Apply is the command that brings a database up to date.
func (t Tool) Apply(j Job) process.Command { return t.apply(j) }

// Status is the command that tells where a database is; false: there is none.
func (t Tool) Status(j Job) (process.Command, bool) {
	if t.status == nil {
		return process.Command{}, false
	}
	return t.status(j), true
}

// Tunable reports whether a user sets a lock timeout by hand.
func (t Tool) Tunable() bool { return t.Kind != Lockstep }

// String is the name with the version.
func (t Tool) String() string {
	if t.Version == "" {
		return t.Name
	}
	return t.Name + " " + t.Version
}

// url is the job's connection URL. Every driver passes a parameter that it
// does not know on to the server.
func (j Job) url() string {
	u := j.Server(j.Database)
	if j.LockTimeout > 0 {
		u += fmt.Sprintf("&lock_timeout=%d", j.LockTimeout.Milliseconds())
	}
	return u
}
