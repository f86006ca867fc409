package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/lockstep-dev/lockstep/plans"
)

// FormatVersion is the version of the document that JSON writes. Fields may be
// added to a major version; none is renamed or removed.
const FormatVersion = "1.0"

// JSON is the document of "lint --json". Lists are there even when they are
// empty. A silenced finding is one of severity info that carries the author's
// answer and the severity that it would have.
func JSON(r Report) ([]byte, error) {
	doc := document{
		FormatVersion: FormatVersion,
		Statements:    make([]statementDocument, 0, len(r.Statements)),
		Findings:      make([]findingDocument, 0, len(r.Findings)+len(r.Silenced)),
	}
	for i := range r.Statements {
		s := &r.Statements[i]
		doc.Statements = append(doc.Statements, statementDocument{
			Statement: s, Locks: list(s.Locks), Rewrites: list(s.Rewrites), Scans: list(s.Scans),
		})
	}
	for _, e := range r.identified() {
		doc.Findings = append(doc.Findings, describe(e))
	}
	return encode(doc)
}

type document struct {
	FormatVersion string              `json:"format_version"`
	Statements    []statementDocument `json:"statements"`
	Findings      []findingDocument   `json:"findings"`
}

// statementDocument shadows the lists that are never null.
type statementDocument struct {
	*plans.Statement
	Locks    []plans.Lock `json:"locks"`
	Rewrites []string     `json:"rewrites"`
	Scans    []string     `json:"scans"`
}

type findingDocument struct {
	plans.Finding
	Silenced    *silencedDocument `json:"silenced,omitempty"`
	URL         string            `json:"url,omitempty"`
	Fingerprint string            `json:"fingerprint"`
}

type silencedDocument struct {
	Reason   string         `json:"reason"`
	Severity plans.Severity `json:"severity"`
	Line     int            `json:"line,omitempty"`
}

func describe(e entry) findingDocument {
	doc := findingDocument{Finding: e.Finding, Fingerprint: e.fingerprint}
	if e.rule != nil {
		doc.URL = e.rule.URL
	}
	if e.silenced != nil {
		doc.Silenced = &silencedDocument{Reason: e.silenced.Reason, Severity: e.Severity, Line: e.silenced.By}
		doc.Severity = plans.SeverityInfo
	}
	return doc
}

func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}

// encode writes one indented JSON value. Characters that a terminal would
// obey, or that hide text, are written as JSON's own \u escapes: the document
// means the same.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode JSON: %w", err)
	}
	var out []byte
	for doc := buf.Bytes(); len(doc) > 0; {
		r, size := utf8.DecodeRune(doc)
		switch {
		case r == '\n' || unicode.IsPrint(r):
			out = append(out, doc[:size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		doc = doc[size:]
	}
	return out, nil
}
