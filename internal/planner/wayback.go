package planner

import (
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
	case m.phase == plans.Contract && r.Grade == plans.GradeStructural:
		r.Summary = "lossy: the shape comes back, rows do not"
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

// lossOf goes by a statement's words. It errs towards a loss.
func lossOf(sql string) loss {
	words := strings.Fields(strings.ToUpper(sql))
	text := " " + strings.Join(words, " ") + " "
	has := func(phrase string) bool { return strings.Contains(text, " "+phrase+" ") }
	if len(words) < 2 {
		return unproven
	}
	switch words[0] {
	case "DROP":
		if words[1] == "INDEX" || words[1] == "VIEW" {
			return unproven
		}
		return losesRows
	case "TRUNCATE", "DELETE", "UPDATE", "MERGE", "REPLACE":
		return losesRows
	case "CREATE":
		return createLoss(words)
	case "ALTER":
		switch {
		case has("DROP COLUMN") || has("TYPE") || (has("DROP") && !has("DROP CONSTRAINT") && !has("DROP NOT NULL") && !has("DROP DEFAULT")):
			return losesRows
		case has("ADD VALUE"): // no statement takes an enum value away again
			return unproven
		case has("ADD") && !has("RENAME"):
			return losesNewRows
		}
	case "INSERT":
		return losesNewRows
	}
	return unproven
}

func createLoss(words []string) loss {
	for _, w := range words[1:] {
		switch w {
		case "UNIQUE", "MATERIALIZED":
			continue
		case "INDEX", "VIEW", "TYPE", "EXTENSION":
			return losesNothing
		case "OR":
			return unproven // OR REPLACE: the text before is not kept
		}
		break
	}
	return losesNewRows
}
