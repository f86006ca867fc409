package sqlscan

import (
	"errors"
	"fmt"
	"strings"
)

// Header is what a file's comments say about how it is to be treated.
type Header struct {
	// Phase is "expand" or "contract" when the author overrides the
	// classifier, else empty.
	Phase       string
	PhaseReason string
	// Irreversible is the reason why there is no way back.
	Irreversible string
	// NoTransaction asks for one statement at a time.
	NoTransaction bool
	NoLint        []NoLint
	// Line is the line of the phase directive.
	Line int
}

// NoLint silences one finding, with a reason that the approver sees.
type NoLint struct {
	Code, Reason string
	Line         int
}

const directive = "lockstep:"

// ParseHeader reads the directives in the text's line comments. All must stand
// before the first statement, except nolint. The error joins one *Error for
// each directive that cannot be understood; text that cannot be read is left
// to Split.
func ParseHeader(src []byte) (Header, error) {
	p := headerParser{place: cursor{src: string(src), line: 1, column: 1}}
	l := lexer{src: p.place.src}
	for {
		t, err := l.next()
		if err != nil || t.Kind == 0 {
			return p.header, errors.Join(p.errs...)
		}
		if !p.inBody && t.Symbol("#") { // MySQL's comment; no statement begins so elsewhere
			l.line()
			continue
		}
		if t.Kind != comment {
			p.inBody = true
			continue
		}
		if text, ok := strings.CutPrefix(t.Text, "--"); ok {
			p.comment(t.Offset, strings.TrimSpace(text))
		}
	}
}

type headerParser struct {
	place  cursor
	header Header
	inBody bool
	errs   []error
}

func (p *headerParser) comment(offset int, text string) {
	if rest, ok := strings.CutPrefix(text, directive); ok {
		line, column := p.place.at(offset)
		if problem, fix := p.directive(line, rest); problem != "" {
			p.errs = append(p.errs, &Error{Line: line, Column: column, Offset: offset, Problem: problem, Fix: fix})
		}
		return
	}
	if !p.inBody && neighbourNoTransaction(text) {
		p.header.NoTransaction = true
	}
}

// neighbourNoTransaction knows the spellings of goose, Atlas and dbmate.
func neighbourNoTransaction(text string) bool {
	switch {
	case strings.EqualFold(text, "+goose NO TRANSACTION"), text == "atlas:txmode none":
		return true
	default:
		return strings.HasPrefix(text, "migrate:up") && strings.Contains(text, "transaction:false")
	}
}

func (p *headerParser) directive(line int, text string) (problem, fix string) {
	name, rest := cutWord(text)
	if p.inBody && name != "nolint" {
		return fmt.Sprintf("%q stands behind a statement", directive+name), "move it above the first statement"
	}
	switch name {
	case "phase":
		return p.phase(line, rest)
	case "irreversible":
		if rest == "" {
			return "irreversible has no reason", `write "-- lockstep:irreversible REASON"; the approver reads it`
		}
		p.header.Irreversible = rest
	case "no-transaction":
		p.header.NoTransaction = true
	case "nolint":
		code, reason := cutWord(rest)
		if code == "" || reason == "" {
			return "nolint has no code or no reason", `write "-- lockstep:nolint CODE REASON"; the approver reads it`
		}
		p.header.NoLint = append(p.header.NoLint, NoLint{Code: code, Reason: reason, Line: line})
	default:
		return fmt.Sprintf("unknown directive %q", directive+name),
			"expected lockstep:phase, lockstep:irreversible, lockstep:no-transaction or lockstep:nolint"
	}
	return "", ""
}

func (p *headerParser) phase(line int, text string) (problem, fix string) {
	phase, reason := cutWord(text)
	if phase != "expand" && phase != "contract" {
		return fmt.Sprintf("phase is %q, expected expand or contract", phase), `write "-- lockstep:phase expand REASON"`
	}
	if p.header.Phase != "" {
		return fmt.Sprintf("a second phase; line %d has the first", p.header.Line), "keep one of them"
	}
	p.header.Phase, p.header.PhaseReason, p.header.Line = phase, reason, line
	return "", ""
}

func cutWord(s string) (word, rest string) {
	s = strings.TrimSpace(s)
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], strings.TrimSpace(s[i:])
	}
	return s, ""
}
