package view

import (
	"strings"

	"github.com/lockstep-dev/lockstep/internal/terminal"
)

// DriftReport is how one environment differs from what was applied to it.
type DriftReport struct {
	Environment string
	Targets     []DriftTarget
}

// DriftTarget is one configuration or database.
type DriftTarget struct {
	Address string
	Kind    string // terraform or database
	Source  string // a configuration's folder
	Items   []DriftItem
	Error   string // why it could not be looked at
	// NotCompared says why a part of it was not looked at; empty where all was.
	NotCompared string
}

// DriftItem is one object that is not as it was applied. Values are never told.
type DriftItem struct {
	Address    string   `json:"address"`
	What       string   `json:"what"`
	Detail     string   `json:"detail,omitempty"`
	Attributes []string `json:"attributes"`
	ByHand     bool     `json:"-"` // of a schema; see providers.DriftItem
}

// Drift shows such a report.
type Drift struct {
	Out *terminal.Output
}

// Text writes the report for people.
func (v Drift) Text(r DriftReport) error {
	p := newPage(v.Out)
	env := safe(r.Environment)
	if len(r.Targets) == 0 {
		p.line("Nothing to compare: %s has no database and no infrastructure that was applied.", env)
		return p.flush()
	}
	drifted, unread := 0, 0
	for _, t := range r.Targets {
		v.target(p, t)
		v.omitted(p, t)
		drifted += len(t.Items)
		if t.Error != "" {
			unread++
		}
	}
	p.line("")
	switch {
	case unread > 0:
		p.paragraph("", count(unread, "target")+" could not be looked at; in the others of "+env+" "+count(drifted, "object")+" not as applied.")
	case drifted > 0:
		p.paragraph("", count(drifted, "object")+" in "+env+" not as applied.")
	default:
		p.line("No drift in %s.", env)
	}
	v.next(p, r)
	return p.flush()
}

// next says what shows and mends each kind.
func (v Drift) next(p *page, r DriftReport) {
	planned, written := false, false
	for _, t := range r.Targets {
		byHand, others := false, false
		for _, i := range t.Items {
			byHand, others = byHand || i.ByHand, others || !i.ByHand
		}
		name, isDatabase := strings.CutPrefix(t.Address, "database.")
		switch {
		case isDatabase && others:
			p.command("lockstep repair "+ShellWord(name)+" --env "+ShellWord(r.Environment), "what of it can be mended in "+safe(t.Address))
		case others && !planned:
			planned = true
			p.command("lockstep plan CHANGE_SET --env "+ShellWord(r.Environment), "what an apply would change back")
		}
		if byHand && !written {
			written = true
			p.command("lockstep new migration NAME", "to keep what was done by hand, write it there (IF NOT EXISTS); else undo it by hand")
		}
	}
}

func (v Drift) target(p *page, t DriftTarget) {
	name := safe(t.Address)
	switch {
	case t.Error != "":
		p.paragraph(p.out.Paint(terminal.Bad, "!")+" ", safe(t.Error))
		return
	case len(t.Items) == 0:
		p.line("%s: as applied", name)
		return
	}
	p.line("%s: %s not as applied", name, count(len(t.Items), "object"))
	for _, i := range t.Items {
		words := safe(i.What)
		if len(i.Attributes) > 0 {
			words += ": " + safe(strings.Join(i.Attributes, ", "))
		}
		if i.Detail != "" {
			words += " (" + safe(i.Detail) + ")"
		}
		p.paragraph("  ", safe(i.Address)+"  "+words)
	}
}

// omitted says what of a target was not looked at.
func (v Drift) omitted(p *page, t DriftTarget) {
	if t.NotCompared != "" {
		p.paragraph("  ", "not compared: "+safe(t.NotCompared))
	}
}

// JSON writes the report as one document.
func (v Drift) JSON(r DriftReport) error {
	type target struct {
		Address string      `json:"address"`
		Kind    string      `json:"kind"`
		Source  string      `json:"source,omitempty"`
		Items   []DriftItem `json:"items"`
		Error   string      `json:"error,omitempty"`
		// NotCompared is additive to the first form of the document.
		NotCompared string `json:"not_compared,omitempty"`
	}
	targets := make([]target, 0, len(r.Targets))
	for _, t := range r.Targets {
		one := target{Address: t.Address, Kind: t.Kind, Source: t.Source, Items: []DriftItem{}, Error: t.Error, NotCompared: t.NotCompared}
		for _, i := range t.Items {
			i.Attributes = list(i.Attributes)
			one.Items = append(one.Items, i)
		}
		targets = append(targets, one)
	}
	return document(v.Out, struct {
		FormatVersion string   `json:"format_version"`
		Environment   string   `json:"environment"`
		Targets       []target `json:"targets"`
	}{FormatVersion, r.Environment, targets})
}
