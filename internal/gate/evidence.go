package gate

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxMessage = 500 // bytes of a message
	maxValue   = 300 // bytes of one value of the evidence
)

// describe is what was found in a few words, for a sample that is well.
func describe(self map[string]any) string {
	if code, ok := self["status_code"]; ok {
		return fmt.Sprintf("HTTP %v in %v ms", code, self["duration_ms"])
	}
	if code, ok := self["exit_code"]; ok {
		return fmt.Sprintf("exit code %v", code)
	}
	if rows, ok := self["rows"].([]any); ok {
		if len(rows) == 1 {
			return printable("1 row: "+asText(rows[0]), maxValue)
		}
		return fmt.Sprintf("%d rows", len(rows))
	}
	return "found " + printable(asText(self), maxValue)
}

// evidence keeps what helps to understand a verdict. Headers stay out, since
// they carry cookies; texts that the target wrote are kept when it is not well.
func evidence(self map[string]any, all bool) map[string]string {
	kept := map[string]string{}
	for name, value := range self {
		foreign := name == "body" || name == "stdout" || name == "stderr"
		if name == "headers" || (foreign && !all) {
			continue
		}
		kept[name] = printable(asText(value), maxValue)
	}
	return kept
}

func asText(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	b, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprintf("(%T)", value)
	}
	return string(b)
}

// printable makes foreign text one line that cannot move a terminal's cursor
// or hide text, of at most limit bytes.
func printable(text string, limit int) string {
	text = strings.ToValidUTF8(strings.TrimSpace(text), "\uFFFD")
	cut := len(text) > limit
	if cut {
		text = text[:limit]
		for !utf8.ValidString(text) {
			text = text[:len(text)-1]
		}
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteByte(' ')
		case strconv.IsGraphic(r):
			b.WriteRune(r)
		default: // control characters, direction overrides, invisible ones
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	if cut {
		b.WriteString("...")
	}
	return b.String()
}
