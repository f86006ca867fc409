package redact

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strings"
)

// JSON returns a JSON document with every secret masked inside its texts, also
// where it is escaped there. The document keeps its form: names, numbers and
// all texts without a secret stay byte for byte. What is no JSON is masked as
// plain text.
func (v *Values) JSON(document []byte) []byte {
	if !json.Valid(document) {
		return []byte(v.String(string(document)))
	}
	return v.literals(document)
}

// literals masks inside of the quoted texts that are no names.
func (v *Values) literals(document []byte) []byte {
	var out bytes.Buffer
	for rest := document; len(rest) > 0; {
		at := bytes.IndexByte(rest, '"')
		if at < 0 {
			out.Write(rest)
			break
		}
		out.Write(rest[:at])
		text := rest[at : at+literal(rest[at:])]
		rest = rest[at+len(text):]
		if bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte(":")) {
			out.Write(text) // a name
			continue
		}
		out.Write(v.literal(text))
	}
	return out.Bytes()
}

// literal is the length of the text that begins at the quote b[0].
func literal(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// literal masks one quoted text.
func (v *Values) literal(quoted []byte) []byte {
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil || !v.in(s) {
		return quoted
	}
	return encodeString(v.String(s))
}

// encodeString is s as a JSON text, with < and > as they are.
func encodeString(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// LearnJSON learns every text in a JSON value, however deep.
func (v *Values) LearnJSON(value json.RawMessage) {
	var decoded any
	if json.Unmarshal(value, &decoded) == nil {
		v.Learn(texts(decoded)...)
	}
}

func texts(value any) []string {
	var found []string
	switch value := value.(type) {
	case string:
		found = append(found, value)
	case []any:
		for _, inner := range value {
			found = append(found, texts(inner)...)
		}
	case map[string]any:
		for _, inner := range value {
			found = append(found, texts(inner)...)
		}
	}
	return found
}

// JSONLines returns a writer that masks secrets in JSON documents, one a line
// or indented, on their way to out. Close passes on a last line without its end and leaves
// out open. It is not safe for concurrent use.
func (v *Values) JSONLines(out io.Writer) io.WriteCloser {
	return &jsonLines{out: out, values: v}
}

type jsonLines struct {
	out    io.Writer
	values *Values
	held   []byte
}

// Write implements io.Writer.
func (w *jsonLines) Write(p []byte) (int, error) {
	w.held = append(w.held, p...)
	for {
		line, rest, whole := strings.Cut(string(w.held), "\n")
		if !whole {
			return len(p), nil
		}
		w.held = []byte(rest)
		if _, err := w.out.Write(append(w.values.line([]byte(line)), '\n')); err != nil {
			return 0, err
		}
	}
}

// line masks a document on one line, one line of an indented document, or a
// line that is no JSON.
func (v *Values) line(line []byte) []byte {
	if ofDocument.Match(line) {
		return v.literals(line)
	}
	return v.JSON(line)
}

// ofDocument is a line of a document that json.Indent has laid out.
var ofDocument = regexp.MustCompile(`^\s*("(?:[^"\\]|\\.)*":\s)?("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null|\{\}|\[\]|[{\[\]}]),?\s*$`)

// Close implements io.Closer.
func (w *jsonLines) Close() error {
	if len(w.held) == 0 {
		return nil
	}
	_, err := w.out.Write(w.values.line(w.held))
	w.held = nil
	return err
}
