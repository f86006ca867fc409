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
	from := max(0, info.Size()-tailBytes)
	b := make([]byte, info.Size()-from)
	n, _ := f.ReadAt(b, from)
	text, lead := string(b[:n]), ""
	if from > 0 {
		text, lead = behindCut(text, secrets), "... "
	}
	text = redact.NewValues(secrets...).String(text)
	return lead + strings.TrimSpace(redact.EscapeLines(redact.Text(text)))
}

// behindCut drops what may be the rest of a secret that the cut has split: the
// line it is in, or where there is but one line, the secret's own end.
func behindCut(text string, secrets []string) string {
	if _, rest, ok := strings.Cut(text, "\n"); ok {
		return rest
	}
	longest := 0
	for _, secret := range secrets {
		for i := 1; i < len(secret); i++ {
			if strings.HasPrefix(text, secret[i:]) {
				longest = max(longest, len(secret)-i)
				break
			}
		}
	}
	return text[longest:]
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
