package pgclass

import (
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/plans"
)

// Verdict is the judgement of one statement, or of a file.
type Verdict struct {
	// Class is expand, contract, data, neutral, split or ask.
	Class plans.Class
	// Reason is one sentence without a full stop. A statement's is made to
	// follow "line 12 "; a file's names its lines itself.
	Reason string
	// Split holds, with split, the files to write instead, in order. Where they
	// need what only the author knows the class is ask, and Reason says what
	// stands in the way and what to do about it. SET NOT NULL is contract and
	// has them too: the files reach the same without a lock that is held over a
	// scan.
	Split []File
	// Waits is true for an expand that no new code waits for, and for what is
	// neutral: it may as well come after the deployment.
	Waits bool
	// Loses is true when rows, columns or values go that nothing brings back.
	Loses bool
}

// File is one migration to write instead of a part of another.
type File struct {
	Name  string // "expand_add_total_v2"
	Phase string // "expand", "data" or "contract"
	// SQL is ready to copy, with its "-- lockstep:phase" header where its
	// statements alone would say otherwise.
	SQL string
	// Down is its way back. It is empty where there is none: then SQL begins
	// with "-- lockstep:irreversible" and what is lost.
	Down string
}

// Of judges a statement. released is the schema that running code was written
// for, nil when there is no such code; now is the schema right before the
// statement: released and the earlier pending files and statements. Neither is
// changed.
func Of(st pgsyntax.Statement, released, now *pgschema.Schema) Verdict {
	verdicts, _ := Judge([]pgsyntax.Statement{st}, released, now)
	return verdicts[0]
}

// Judge judges the statements of one file together: a verdict for each, and
// the file's. before is the schema right before the file; it is not changed.
//
// Together they may be something else than one by one: a table that is renamed
// and kept as a view under its old name, a trigger that is switched off and on
// again, an object that is dropped and made again.
//
// The file's class is the worst of its statements: ask, then split, contract,
// data, expand, neutral. Where something that new code needs stands beside
// something that running code does not survive, the file is split, and Split
// says which statements go where.
func Judge(list []pgsyntax.Statement, released, before *pgschema.Schema) (verdicts []Verdict, file Verdict) {
	units := cut(list)
	if len(units) > 1 {
		before = before.Clone()
	}
	var path pgschema.SearchPath
	rule(units[:max(0, len(units)-1)], released, before, &path)
	last := units[max(0, len(units)-1):]
	for i := range last {
		last[i].Statement, _ = path.Follow(before, last[i].Statement)
		last[i].ruling = newJudging(released, before).rule(last[i].Statement)
		last[i].down = newJudging(released, before).takenBack(last[i])
	}
	return judged(units, len(list), newJudging(released, before))
}

// Advance judges as Judge does, and applies the statements to now. It spares
// the copy of the schema to those who replay file after file.
func Advance(list []pgsyntax.Statement, released, now *pgschema.Schema) (verdicts []Verdict, file Verdict) {
	units := cut(list)
	rule(units, released, now, &pgschema.SearchPath{})
	return judged(units, len(list), newJudging(released, now))
}

// rule judges one by one, each against the schema that those before it leave.
func rule(units []unit, released, now *pgschema.Schema, path *pgschema.SearchPath) {
	for i := range units {
		resolved, set := path.Follow(now, units[i].Statement)
		units[i].Statement = resolved
		units[i].ruling = newJudging(released, now).rule(resolved)
		units[i].down = newJudging(released, now).takenBack(units[i])
		if !set {
			now.Apply(resolved)
		}
	}
}

// judged looks at all together; after knows the schema that they leave, the
// last one perhaps left out.
func judged(units []unit, statements int, after judging) ([]Verdict, Verdict) {
	pair(units, after)
	verdicts := make([]Verdict, statements)
	for i := range verdicts {
		verdicts[i] = together(unitsOf(units, i)).Verdict
	}
	return verdicts, fileVerdict(units)
}
