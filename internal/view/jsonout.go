package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// FormatVersion is the version of the documents that views write as JSON.
// Fields may be added to a major version; none is renamed or removed.
const FormatVersion = "1.0"

// document writes v as one indented JSON object.
func document(w io.Writer, v any) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode JSON: %w", err)
	}
	_, err := w.Write(asciiControls(buf.Bytes()))
	return err
}

// asciiControls writes characters that a terminal would obey, or that hide
// text, as JSON's own \u escapes: the document means the same.
func asciiControls(doc []byte) []byte {
	var out bytes.Buffer
	for len(doc) > 0 {
		r, size := utf8.DecodeRune(doc)
		switch {
		case r == '\n' || unicode.IsPrint(r):
			out.Write(doc[:size])
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
		doc = doc[size:]
	}
	return out.Bytes()
}

// list is never null, so that scripts can iterate without asking first.
func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}
