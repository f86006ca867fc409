package mend

import (
	"slices"

	"github.com/lockstep-dev/lockstep/internal/sqltrace"
)

// Absence is something that a file makes, that no later file takes away, and
// that is not there.
type Absence struct {
	Version uint64
	Path    string
	What    string
}

// Absent looks for up files that count as applied and whose work is not there:
// a tool that keeps one number skips a file that comes late. Files are in
// order of version; one absence a file is enough.
func Absent(files []File, sights Sights) []Absence {
	var all []sqltrace.Trace
	var ends []int
	for _, f := range files {
		all = append(all, f.makes()...)
		ends = append(ends, len(all))
	}
	var absences []Absence
	begin := 0
	for i, f := range files {
		for at := begin; at < ends[i]; at++ {
			t := all[at]
			sight, looked := sights[t]
			if !looked || sight.There || t.Gone || t.Weak || slices.ContainsFunc(all[at+1:], func(l sqltrace.Trace) bool { return l.Overrides(t) }) {
				continue
			}
			absences = append(absences, Absence{f.Version, f.Path, t.String()})
			break
		}
		begin = ends[i]
	}
	return absences
}

// TracesOf are what has to be looked up for Absent.
func TracesOf(files []File) []sqltrace.Trace {
	var all []sqltrace.Trace
	for _, f := range files {
		all = append(all, f.makes()...)
	}
	return all
}

// makes are the traces of a file's statements, with the columns of its tables.
func (f File) makes() []sqltrace.Trace {
	var all []sqltrace.Trace
	for _, s := range f.Statements {
		all = append(append(all, sqltrace.Of(s)...), sqltrace.Columns(s)...)
	}
	return all
}
