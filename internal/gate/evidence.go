package gate

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lockstep-dev/lockstep/internal/redact"
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

// printable makes foreign text one line that is safe to print, of at most
// limit bytes before what is invisible in it is spelled out.
func printable(text string, limit int) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= limit {
		return redact.Escape(text)
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return redact.Escape(text[:limit]) + "..."
}
