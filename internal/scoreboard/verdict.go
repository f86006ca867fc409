package scoreboard

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/pglint"
	"github.com/lockstep-dev/lockstep/internal/scoreboard/fixture"
	"github.com/lockstep-dev/lockstep/plans"
)

// assumed is the server of a case that is about none.
const assumed = 15

// Warning is a finding of Lockstep's that is a warning or an error.
type Warning struct {
	Code       string
	File, Line int // File counts from 0
}

// warnings are what Lockstep says of a case's files, after those before them.
// Text that cannot be read at all is one warning: nobody calls it safe.
func warnings(c fixture.Case) []Warning {
	major := c.Major
	if major < 11 || major > 18 {
		major = assumed
	}
	linter := pglint.New(pgeffect.Server{Major: major, UTC: true})
	for i, text := range c.Before {
		if _, _, err := linter.File(file("before", i, text)); err != nil {
			return []Warning{{Code: "unreadable"}}
		}
	}
	var found []Warning
	for i, text := range c.Files {
		_, findings, err := linter.File(file("file", i, text))
		if err != nil {
			return append(found, Warning{Code: "unreadable", File: i})
		}
		for _, f := range findings {
			if f.Severity != plans.SeverityInfo && f.Accepted == "" {
				found = append(found, Warning{Code: f.Code, File: i, Line: f.Line})
			}
		}
	}
	return found
}

func file(word string, i int, text string) plans.SQLFile {
	return plans.SQLFile{Path: fmt.Sprintf("%s-%d.up.sql", word, i+1), Bytes: []byte(text)}
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
