package process

import (
	"os"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/redact"
)

// tailBytes is how much of an output is shown in an error.
const tailBytes = 2 << 10

// Tail returns the end of an output file, safe to show: without the given
// secrets, control characters made visible.
func Tail(f *os.File, secrets []string) string {
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	from := max(0, info.Size()-2*tailBytes) // twice, so that no secret is cut at the edge
	b := make([]byte, info.Size()-from)
	n, _ := f.ReadAt(b, from)
	text := redact.NewValues(secrets...).String(string(b[:n]))
	text = strings.TrimSpace(redact.EscapeLines(redact.Text(text)))
	if len(text) > tailBytes {
		text = "... " + strings.ToValidUTF8(text[len(text)-tailBytes:], "")
	}
	return text
}

// Scratch returns an unnamed file for output; it is gone when it is closed.
func Scratch() (*os.File, error) {
	f, err := os.CreateTemp("", "lockstep-output-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
