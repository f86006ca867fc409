package queries

import (
	"fmt"
	"strings"
	"time"
)

// Of completes a break with the statement that it is about: with its text, how
// often it runs, and the sentences that are made of both.
func (b Break) Of(s Statement) Break {
	b.Statement, b.SQL, b.Where, b.Source = s, s.SQL, s.where(), "measured"
	b.CallsPerDay, b.TimePerDay, b.Counted = s.Usage.PerDay()
	b.Summary = b.sentence() + b.usage()
	b.Fix = b.fix()
	return b
}

func (s Statement) where() string {
	switch {
	case s.File != "" && s.Name != "":
		return fmt.Sprintf("%s:%d (%s)", s.File, s.Line, s.Name)
	case s.File != "":
		return fmt.Sprintf("%s:%d", s.File, s.Line)
	}
	return "pg_stat_statements " + s.Name
}

// shown is the statement on one line and short.
func shown(sql string) string {
	const most = 80
	text := []rune(strings.Join(strings.Fields(sql), " "))
	if len(text) > most {
		text = append(text[:most-1], '…')
	}
	return string(text)
}

func (b Break) sentence() string {
	of := fmt.Sprintf("%q", shown(b.SQL))
	switch b.Kind {
	case Fails:
		return fmt.Sprintf("%s fails from then on: %s (SQLSTATE %s)", of, b.Failure.Message, b.Failure.SQLState)
	case FailsPrepared:
		return fmt.Sprintf("%s fails on every open connection that has it prepared, until it is prepared again: %s (SQLSTATE %s)", of, b.Failure.Message, b.Failure.SQLState)
	case Unfilled:
		return fmt.Sprintf("%s fails from then on: it gives %s no value, which must have one (SQLSTATE 23502)", of, b.Object)
	case ResultColumns:
		return fmt.Sprintf("%s returns the columns (%s) instead of (%s)%s", of, b.After, b.Before, b.reconnecting())
	case ResultType:
		return fmt.Sprintf("%s returns %s as %s instead of %s%s", of, b.Object, b.After, b.Before, b.reconnecting())
	case ParameterType:
		return fmt.Sprintf("%s takes %s as %s instead of %s", of, b.Object, b.After, b.Before)
	case EnumLabels:
		return fmt.Sprintf("%s uses the enum value %s, which is gone: sending it fails (SQLSTATE 22P02)", of, b.Object)
	case Restricts:
		return fmt.Sprintf("%s writes under a new rule, %s: rows that break it would be refused", of, b.After)
	case FiresTrigger:
		return fmt.Sprintf("%s fires the new trigger %s: what that may do to its rows was not tried", of, b.Object)
	case Referenced:
		return fmt.Sprintf("%s deletes rows that the new table %s refers to: it may be refused once that table has rows", of, b.Object)
	case LosesIndex:
		return fmt.Sprintf("%s used the index %s and uses none now", of, b.Object)
	default:
		return fmt.Sprintf("%s used the index %s and uses %s now", of, b.Object, b.After)
	}
}

func (b Break) reconnecting() string {
	if !b.Reconnect {
		return ""
	}
	return `; a connection that has it prepared fails once with "cached plan must not change result type"`
}

func (b Break) usage() string {
	switch {
	case b.Counted:
		return fmt.Sprintf("; %s and %s a day (measured)", counted(b.CallsPerDay), rounded(b.TimePerDay))
	case b.Statement.Usage.Calls > 0:
		return fmt.Sprintf("; %s since an unknown time (measured)", counted(float64(b.Statement.Usage.Calls)))
	}
	return ""
}

// rounded drops digits that nobody reads.
func rounded(d time.Duration) time.Duration {
	for _, unit := range []time.Duration{time.Minute, time.Second, time.Millisecond} {
		if d >= 10*unit {
			return d.Round(unit)
		}
	}
	return d.Round(time.Microsecond)
}

func counted(calls float64) string {
	if calls == 1 {
		return "1 call"
	}
	return fmt.Sprintf("%.4g calls", calls)
}

func (b Break) fix() string {
	after := "Run the migration after the deployment (phase contract), when no release that sends this statement is left"
	switch {
	case b.Kind == LosesIndex:
		return "Make the index that replaces it first (CREATE INDEX CONCURRENTLY), or drop it after the deployment (phase contract)"
	case b.Kind == OtherIndex:
		return "Compare the two plans on a copy with data before the index goes"
	case b.Kind == Unfilled:
		return "Give the column a DEFAULT first (expand), and take the default away after the deployment (phase contract)"
	case b.Kind == Restricts:
		return "Add the rule after the deployment (phase contract), when only code that keeps to it is left; until then it can be checked with a query"
	case b.Kind == FiresTrigger:
		return "Read the trigger's function: it must take the rows of the code that runs today"
	case b.Kind == Referenced:
		return "Deploy code that deletes the new rows first, or let the foreign key say ON DELETE CASCADE"
	case b.Kind == EnumLabels:
		return "Add the new label first (ALTER TYPE ... ADD VALUE), deploy code that knows both, rename after the deployment (phase contract)"
	case b.Reconnect && !b.Contract:
		return "It can run before the deployment: name the columns instead of SELECT *, and recycle the connection pools after it"
	case b.Kind == ResultType, b.Kind == ParameterType && b.Contract, b.Kind == FailsPrepared:
		return "Expand first: add a column of the new type, keep both in step, deploy code that uses it, and drop the old one after the deployment (phase contract)"
	case b.Kind == ParameterType:
		return "Nothing, unless the client encodes values by the old type"
	}
	return after
}
