package gate

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shownBytes is how much of one foreign text is kept as evidence.
const shownBytes = 512

// shorten prepares what was seen for people: long texts cut, control
// characters visible, lists bounded.
func shorten(self map[string]any) map[string]any {
	if self == nil {
		return nil
	}
	short := make(map[string]any, len(self))
	for name, v := range self {
		short[name] = shortenValue(v)
	}
	return short
}

func shortenValue(v any) any {
	switch v := v.(type) {
	case string:
		return visible(v)
	case map[string]any:
		return shorten(v)
	case []map[string]any:
		rows := make([]any, 0, min(len(v), keptSamples))
		for _, row := range v[:min(len(v), keptSamples)] {
			rows = append(rows, shorten(row))
		}
		return rows
	case []any:
		list := make([]any, 0, min(len(v), keptSamples))
		for _, element := range v[:min(len(v), keptSamples)] {
			list = append(list, shortenValue(element))
		}
		return list
	default:
		return v
	}
}

// visible cuts a foreign text and replaces what a terminal would obey or hide.
func visible(s string) string {
	if len(s) > shownBytes {
		cut := shownBytes
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		case r < 0x20 || r == 0x7f:
			b.WriteString(`\x` + fmt.Sprintf("%02x", r))
		case unicode.Is(unicode.Cf, r) || (r >= 0x80 && r < 0xa0):
			fmt.Fprintf(&b, "<U+%04X>", r)
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}
