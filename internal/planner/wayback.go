package planner

import (
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// migrationRollback grades the way back of a file from the kind of its
// statements. What the down file really restores is proven by a rehearsal;
// until then the grade is the best that such statements allow.
func migrationRollback(m *migration, keepSchema bool) plans.Rollback {
	r := downGrade(m)
	switch {
	case m.phase == plans.Contract && r.Grade == plans.GradeNone:
		r.Summary = "NONE - one-way door"
	case m.phase == plans.Contract && r.Grade == plans.GradeStructural && worstLoss(m.verdict.Statements) == losesRows:
		r.Summary = "lossy: the shape comes back, rows do not"
	case m.phase == plans.Contract && r.Grade == plans.GradeStructural && m.evidence != nil:
		r.Summary = "the down file restores the shape"
	case m.phase == plans.Contract && r.Grade == plans.GradeStructural:
		r.Summary = "the down file restores the shape; not rehearsed"
	case m.phase == plans.Expand && keepSchema && len(m.verdict.Loses) > 0:
		r.Kept, r.Summary = true, "kept; what it removes is lost"
	case m.phase == plans.Expand && keepSchema:
		r.Kept, r.Summary = true, "kept (safe to keep)"
	case r.Grade == plans.GradeNone:
		r.Summary = "NONE - cannot be taken back"
	default:
		r.Summary = "down file " + m.file.ID()
	}
	return r
}

func downGrade(m *migration) plans.Rollback {
	if reason := m.verdict.Irreversible; reason != "" {
		return plans.Rollback{Grade: plans.GradeNone, Reason: "the author says irreversible: " + reason}
	}
	if m.noDown || m.file.Down.Path == "" {
		return plans.Rollback{Grade: plans.GradeNone, Reason: "there is no down file with a statement"}
	}
	if m.evidence != nil {
		return triedGrade(m)
	}
	switch worst := worstLoss(m.verdict.Statements); worst {
	case losesNothing:
		return plans.Rollback{Grade: plans.GradeExact, Reason: "the up file only creates objects that hold no rows; the down file drops them"}
	case losesNewRows:
		return plans.Rollback{Grade: plans.GradeStructural, Reason: "the down file drops what the up file creates; rows and values written since are lost"}
	case losesRows:
		return plans.Rollback{Grade: plans.GradeStructural, Reason: "the down file restores the shape; the data that the up file removes or overwrites is lost"}
	default:
		return plans.Rollback{Grade: plans.GradeStructural, Reason: "the down file is the author's; that it restores everything is not proven"}
	}
}

// triedGrade goes by what the rehearsal saw. It knows nothing of rows that are
// only on the target, so a file that takes some away is never exact.
func triedGrade(m *migration) plans.Rollback {
	r := m.evidence.Rehearsal
	switch {
	case r.Down == plans.OutcomeFailed:
		return plans.Rollback{Grade: plans.GradeNone, Reason: "the down file was rehearsed and fails: " + differences(r, 1)}
	case r.Down != plans.OutcomeOK:
		return plans.Rollback{Grade: plans.GradeNone, Reason: "there is no down file that could be rehearsed"}
	case !r.Restores:
		return plans.Rollback{Grade: plans.GradeStructural, Reason: "the down file was rehearsed and does not restore the schema: " + differences(r, 1)}
	}
	grade, words := r.Grade, "the down file was rehearsed and restores the schema"
	if grade != plans.GradeExact && grade != plans.GradeStructural {
		grade = plans.GradeStructural
	}
	switch worst := worstLoss(m.verdict.Statements); {
	case worst == losesRows || len(m.verdict.Loses) > 0:
		return plans.Rollback{Grade: plans.GradeStructural, Reason: words + "; the data that the up file removes or overwrites is lost"}
	case grade == plans.GradeExact:
		return plans.Rollback{Grade: grade, Reason: words}
	case worst == losesNewRows:
		return plans.Rollback{Grade: grade, Reason: words + "; rows and values written since are lost"}
	}
	return plans.Rollback{Grade: grade, Reason: words + "; rows and values need not be as before, and some that were written since may stand against it"}
}

// loss is what a down file cannot bring back after a statement.
type loss int

const (
	losesNothing loss = iota
	losesNewRows
	unproven
	losesRows
)

func worstLoss(statements []plans.Statement) loss {
	worst := losesNothing
	for _, s := range statements {
		worst = max(worst, lossOf(s.SQL))
	}
	return worst
}

var setApart = strings.NewReplacer("(", " ( ", ")", " ) ", ",", " , ")

// lossOf goes by a statement's words. It errs towards a loss.
func lossOf(sql string) loss {
	words := strings.Fields(setApart.Replace(strings.ToUpper(sql)))
	if len(words) < 2 {
		return unproven
	}
	switch words[0] {
	case "DROP":
		return dropLoss(words)
	case "TRUNCATE", "DELETE", "UPDATE", "MERGE", "REPLACE":
		return losesRows
	case "WITH":
		if slices.Contains(words, "DELETE") || slices.Contains(words, "UPDATE") || slices.Contains(words, "MERGE") {
			return losesRows
		}
	case "CREATE":
		return createLoss(words)
	case "ALTER":
		return alterLoss(words)
	case "INSERT":
		return losesNewRows
	}
	return unproven
}

// dropLoss: what holds no rows can be made again, unless others go with it.
func dropLoss(words []string) loss {
	rowless := []string{"INDEX", "VIEW", "MATERIALIZED", "FUNCTION", "PROCEDURE", "AGGREGATE", "TRIGGER", "POLICY", "RULE"}
	if slices.Contains(rowless, words[1]) && !slices.Contains(words, "CASCADE") {
		return unproven
	}
	return losesRows
}

// alterLoss looks at each clause: a renamed column may be called type, and a
// constraint may go in the clause before a column.
func alterLoss(words []string) loss {
	worst := unproven
	for i, word := range words[:len(words)-1] {
		next := words[i+1]
		switch word {
		case "DROP":
			if !slices.Contains([]string{"CONSTRAINT", "NOT", "DEFAULT", "IDENTITY", "EXPRESSION"}, next) {
				return losesRows
			}
		case "ALTER":
			if changesType(words[i+1:]) {
				return losesRows
			}
		case "ADD":
			if !slices.Contains([]string{"CONSTRAINT", "CHECK", "UNIQUE", "PRIMARY", "FOREIGN", "EXCLUDE", "VALUE"}, next) {
				worst = losesNewRows
			}
		}
	}
	return worst
}

// changesType reads on behind ALTER: [COLUMN] name [SET DATA] TYPE.
func changesType(words []string) bool {
	if words[0] == "COLUMN" {
		words = words[1:]
	}
	if len(words) < 2 {
		return false
	}
	rest := strings.Join(words[1:min(4, len(words))], " ")
	return strings.HasPrefix(rest, "TYPE") || strings.HasPrefix(rest, "SET DATA TYPE")
}

func createLoss(words []string) loss {
	for _, w := range words[1:] {
		switch w {
		case "UNIQUE", "MATERIALIZED":
			continue
		case "INDEX", "VIEW", "TYPE", "EXTENSION", "FUNCTION", "PROCEDURE", "AGGREGATE", "TRIGGER", "POLICY", "RULE", "STATISTICS", "DOMAIN", "SEQUENCE":
			return losesNothing
		case "OR":
			return unproven // OR REPLACE: the text before is not kept
		}
		break
	}
	return losesNewRows
}
