package scoreboard

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/scoreboard/fixture"
	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// assumed is the server of a case that is about none.
const assumed = 15

// Warning is a finding of Lockstep's that is a warning or an error.
type Warning struct {
	Code       string
	File, Line int // File counts from 0
}

// warnings are what "lockstep lint" says of a case's files, after those before
// them. On which side of a deployment a file belongs, and how files have to be
// written, are no questions of the fixtures.
func warnings(c fixture.Case) []Warning {
	major := c.Major
	if major < 11 || major > 18 {
		major = assumed
	}
	lint := sqlcheck.ForFolder(pgeffect.Server{Major: major}, nil)
	for i, text := range c.Before {
		lint.Lint(file(i, text))
	}
	var found []Warning
	for i, text := range c.Files {
		_, findings, _ := lint.Lint(file(len(c.Before)+i, text))
		for _, f := range findings {
			if f.Severity != plans.SeverityInfo && !ofForm(f.Code) {
				found = append(found, Warning{Code: f.Code, File: i, Line: f.Line})
			}
		}
	}
	return found
}

func file(i int, text string) plans.MigrationFile {
	name := fmt.Sprintf("%04d_case", i+1)
	return plans.MigrationFile{
		Version: uint64(i) + 1, Name: "case",
		Up: plans.SQLFile{Path: name + ".up.sql", Bytes: []byte(text)},
	}
}

// ofForm reports whether a finding is about a file's place or form, not about
// what its statements do.
func ofForm(code string) bool {
	r, known := pgrule.Find(code)
	return known && r.Family() == "F" || slices.Contains([]string{"must-be-split", "class-unknown", "phase-mismatch"}, code)
}

// codes are the warnings' codes, each once, in their order.
func codes(list []Warning) []string {
	var found []string
	for _, w := range list {
		if !slices.Contains(found, w.Code) {
			found = append(found, w.Code)
		}
	}
	return found
}
