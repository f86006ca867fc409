package mend

import (
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/internal/sqltrace"
)

// Directions of a file.
const (
	Up   = "up"
	Down = "down"
)

// File is one direction of a migration.
type File struct {
	Path      string
	Direction string
	Version   uint64
	// Statements are those of the file; a BEGIN and COMMIT around all of them
	// are left out.
	Statements []sqlscan.Statement
}

// atomic reports whether the file runs as one transaction when it is sent as
// one text, as golang-migrate does.
func (f *File) atomic() bool {
	for _, s := range f.Statements {
		if s.EndsTransaction() || s.OutsideTransaction() {
			return false
		}
	}
	return true
}

// Case is a dirty version and the files that may have made it so.
type Case struct {
	Version  uint64 // 0 for golang-migrate's -1: the way down to nothing
	Previous uint64 // the version below; 0 for none
	// Up is the up file of Version; nil when there is none.
	Up *File
	// NextUp and NextDown are the files of the version above; nil when there
	// is none.
	NextUp, NextDown *File
	// MultiStatement: golang-migrate was told to run statements one by one.
	MultiStatement bool
	// Autocommit: changes of the catalog commit by themselves. What is missing
	// runs one after the other, and no way back is derived.
	Autocommit bool
	// Failed is the path of the file that failed, when a person has said so.
	Failed string
	// Assume decides the statements that the catalog does not tell of:
	// "applied", "not-applied" or "".
	Assume string
}

// Sight is what the catalog says about one trace.
type Sight struct {
	There bool
	// When tells whether what is there was made before or after the version
	// was marked dirty; empty when that is not known.
	When When
	// Broken: it is there and cannot be used, such as an INVALID index.
	Broken bool
}

// When is a time relative to the mark.
type When string

// Times of what is there.
const (
	Before When = "before"
	After  When = "after"
)

// Sights are what the catalog says, by trace.
type Sights map[sqltrace.Trace]Sight

// Traces are what has to be looked up.
func (c Case) Traces() []sqltrace.Trace {
	var all []sqltrace.Trace
	for _, f := range []*File{c.Up, c.NextUp, c.NextDown} {
		if f == nil {
			continue
		}
		for _, s := range f.Statements {
			all = append(all, sqltrace.Of(s)...)
		}
	}
	return all
}
