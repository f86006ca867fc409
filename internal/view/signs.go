package view

import (
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

// sign tells in one to three characters what a step does, in Terraform's way:
// + adds, ~ changes, - takes away, -/+ replaces; ? checks, . waits.
func sign(p *plans.Plan, s *plans.Step) string {
	switch s.Action {
	case plans.ActionTerraform:
		add, change, destroy := resources(p, s)
		switch {
		case add > 0 && destroy > 0:
			return "-/+"
		case destroy > 0:
			return "-"
		case add > 0 && change == 0:
			return "+"
		}
	case plans.ActionMigrate:
		if s.Phase == plans.Contract {
			return "-"
		}
	case plans.ActionFetch:
		return "+"
	case plans.ActionCheck:
		return "?"
	case plans.ActionBake:
		return "."
	}
	return "~"
}

// signStyle repeats in colour what the sign says.
func signStyle(sign string) terminal.Style {
	switch sign {
	case "+":
		return terminal.Good
	case "-", "-/+":
		return terminal.Bad
	case "~":
		return terminal.Notice
	}
	return terminal.Faint
}

// resources counts a Terraform step's changes as Terraform does: a
// replacement is added and destroyed. Of a step whose plan is not known yet
// nothing is counted.
func resources(p *plans.Plan, s *plans.Step) (add, change, destroy int) {
	for i := range p.Observations {
		o := &p.Observations[i]
		if o.Terraform == nil || o.Address != s.Address && o.Address != s.Block {
			continue
		}
		for _, c := range o.Terraform.ChangesOf(s.Part) {
			a, ch, d := actions(c.Actions)
			add, change, destroy = add+a, change+ch, destroy+d
		}
	}
	return add, change, destroy
}

func actions(all []string) (add, change, destroy int) {
	for _, action := range all {
		switch action {
		case "create":
			add++
		case "update":
			change++
		case "delete":
			destroy++
		}
	}
	return add, change, destroy
}

// undo is the rollback in a few words.
func undo(s *plans.Step) string {
	words := safe(s.Rollback.Summary)
	switch {
	case !s.Action.Effect():
		return words
	case s.OneWay() && !strings.HasPrefix(words, "NONE"):
		return strings.TrimSuffix("NONE - "+words, " - ")
	case s.Rollback.Grade == plans.GradeStructural && !s.Rollback.Kept && !s.Rollback.Terraform.Exists() && !admits(words):
		return words + " (not proven exact)"
	}
	return words
}

// admits reports whether the words say by themselves that less comes back.
func admits(words string) bool {
	return slices.ContainsFunc([]string{"lossy", "not rehearsed", "goes on"}, func(word string) bool { return strings.Contains(words, word) })
}

// number returns the step's number as people see it, from 1.
func number(p *plans.Plan, address string) int {
	for i := range p.Steps { // steps are large, and a run asks for each of them
		if p.Steps[i].Address == address {
			return i + 1
		}
	}
	return 0
}

// brief writes a duration without its zero parts: "1h30m", "10m", "7d".
func brief(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 10*time.Second:
		d = d.Round(time.Second)
	case d >= time.Second:
		d = d.Round(100 * time.Millisecond)
	default:
		d = d.Round(time.Millisecond)
	}
	days := ""
	if d >= 2*day {
		days = countDays(d / day)
		d %= day
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	if days != "" && d == 0 {
		return days
	}
	return days + s
}
