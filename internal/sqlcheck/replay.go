package sqlcheck

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/plans"
)

// History is what a PostgreSQL database has before the files that are judged.
type History struct {
	// Major is the server's major version; 0 counts as the newest.
	Major int
	// Applied are the files that it has, in their order.
	Applied []AppliedFile
	// Missing says which of its files are not there, in words; empty for none.
	// What they made is not known, so what is said of the rest is assumed.
	Missing string
}

// AppliedFile is a file that a database has.
type AppliedFile struct {
	plans.SQLFile
	// Unreleased is true when an unfinished try of the change set that is
	// judged applied it: no released code knows what it makes.
	Unreleased bool
}

// Newest is the newest major version of PostgreSQL whose locks were measured.
const Newest = 18

// replayed are the schemas that a history leads to.
type replayed struct {
	released, before *pgschema.Schema
	doubts           []plans.Finding
	incomplete       bool // something of the history could not be read
}

// replay reads the files side by side and applies them in order, to a schema
// that is kept as it was released and to one that goes on.
func replay(h History) replayed {
	r := replayed{released: pgschema.New(), before: pgschema.New(), incomplete: h.Missing != ""}
	if r.incomplete {
		r.doubt(plans.Finding{Summary: "the schema is not all known: " + h.Missing})
		r.unsure(h.Missing)
	}
	texts := make([][]byte, len(h.Applied))
	for i, file := range h.Applied {
		texts[i] = file.Bytes
	}
	ahead := pgsyntax.ReadAhead(texts)
	for _, file := range h.Applied {
		statements, err := ahead.Read(file.Bytes)
		if err != nil {
			r.incomplete = true
			r.doubt(plans.Finding{Summary: "what the file made is not known: it cannot be read as SQL", File: file.Path})
			r.unsure(file.Path + " cannot be read as SQL")
			continue
		}
		known := len(r.before.Unsure)
		var path pgschema.SearchPath
		for _, st := range statements {
			st, set := path.Follow(r.before, st)
			if set {
				continue
			}
			if !file.Unreleased {
				r.released.Apply(st)
			}
			r.before.Apply(st)
		}
		for _, u := range r.before.Unsure[known:] {
			r.doubt(plans.Finding{Summary: "the schema after it is not all known: " + u.Reason, File: file.Path, Line: u.Line})
		}
	}
	return r
}

// unsure keeps both schemas from being taken for all that is there: what they
// do not hold, running code may know.
func (r *replayed) unsure(reason string) {
	for _, s := range []*pgschema.Schema{r.released, r.before} {
		s.Unsure = append(s.Unsure, pgschema.Unsure{Reason: reason})
	}
}

// doubts that are told one by one; the rest is counted.
const doubtsTold = 3

func (r *replayed) doubt(f plans.Finding) {
	f.Code, f.Severity = "schema-unknown", plans.SeverityInfo
	f.Detail = "What is said of the pending files follows from the folder's files; of what nobody sees there, the plan may know too little."
	r.doubts = append(r.doubts, f)
}

func (r *replayed) told() []plans.Finding {
	if len(r.doubts) <= doubtsTold {
		return r.doubts
	}
	told := append([]plans.Finding(nil), r.doubts[:doubtsTold]...)
	told[doubtsTold-1].Summary += fmt.Sprintf(" (and %d more places like this)", len(r.doubts)-doubtsTold)
	return told
}
