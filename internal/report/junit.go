package report

import (
	"cmp"
	"encoding/xml"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/plans"
)

// JUnit writes one test suite a file: a failure for each finding that is at
// least as bad as the threshold, a passed test with its text for one that is
// not, a skipped one for one that the author answered. A file without findings
// is a suite with one passed test. "none" as threshold fails nothing.
//
// Tests are named by code and number, because GitLab tells them apart by class
// and name, and ignores the message of a failure: all of the text is in its
// body.
func JUnit(r Report, threshold plans.Severity) ([]byte, error) {
	doc := junitSuites{Name: "lockstep lint"}
	at := map[string]int{}
	for _, file := range r.files() {
		at[file] = len(doc.Suites)
		doc.Suites = append(doc.Suites, junitSuite{Name: redact.Escape(file)})
	}
	for _, e := range r.entries() {
		name := cmp.Or(e.File, e.Address, "lockstep")
		i, known := at[name]
		if !known {
			i = len(doc.Suites)
			at[name] = i
			doc.Suites = append(doc.Suites, junitSuite{Name: redact.Escape(name)})
		}
		doc.Suites[i].add(e, threshold)
	}
	for i := range doc.Suites {
		doc.add(&doc.Suites[i])
	}
	out, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode JUnit XML: %w", err)
	}
	return append([]byte(xml.Header), append(out, '\n')...), nil
}

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
	times    map[string]int
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Line    int           `xml:"line,attr,omitempty"`
	Failure *junitFailure `xml:"failure"`
	Skipped *junitSkipped `xml:"skipped"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Body    string `xml:",chardata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

func (s *junitSuite) add(e entry, threshold plans.Severity) {
	if s.times == nil {
		s.times = map[string]int{}
	}
	s.times[e.Code]++
	name := oneLine(e.Code)
	if n := s.times[e.Code]; n > 1 {
		name = fmt.Sprintf("%s %d", name, n)
	}
	test := junitCase{Class: s.Name, Name: name, File: redact.Escape(e.File), Line: e.Line}
	text := placeOf(e.Finding) + ": " + body(e)
	switch {
	case e.silenced != nil:
		test.Skipped = &junitSkipped{Message: "accepted by the author: " + oneLine(e.silenced.Reason)}
		test.Output = text
		s.Skipped++
	case AtLeast(e.Severity, threshold):
		test.Failure = &junitFailure{Message: oneLine(e.Summary), Type: oneLine(string(e.Severity)), Body: text}
		s.Failures++
	default:
		test.Output = text
	}
	s.Cases = append(s.Cases, test)
}

// add counts a suite, and gives one without findings its passed test.
func (d *junitSuites) add(s *junitSuite) {
	if len(s.Cases) == 0 {
		s.Cases = []junitCase{{Class: s.Name, Name: "no findings", File: s.Name}}
	}
	s.Tests = len(s.Cases)
	d.Tests += s.Tests
	d.Failures += s.Failures
	d.Skipped += s.Skipped
}
