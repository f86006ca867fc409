package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// MinSecret is the length in bytes below which a value is not masked: hiding
// every "1" would make the output unreadable and the value no safer.
const MinSecret = 4

// Values masks known secrets in any text. The zero value masks nothing. It
// can learn more secrets at any time and is safe for concurrent use.
type Values struct {
	mu      sync.RWMutex
	known   map[string]bool
	secrets []string // only ever appended to
}

// NewValues returns a mask for the secrets, as Learn takes them.
func NewValues(secrets ...string) *Values {
	v := &Values{}
	v.Learn(secrets...)
	return v
}

// Learn makes the mask know more secrets: as they are, as they appear in
// URLs, in JSON, in base64, in quotes and on one line, and each longer line of a secret
// of several lines. What has been written by then stays written.
func (v *Values) Learn(secrets ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known == nil {
		v.known = map[string]bool{}
	}
	for _, s := range secrets {
		if len(s) < MinSecret || v.known[s] {
			continue
		}
		for _, form := range forms(s) {
			if len(form) >= MinSecret && !v.known[form] {
				v.known[form] = true
				v.secrets = append(v.secrets, form)
			}
		}
	}
}

// all returns the secrets known now; nobody changes them any more.
func (v *Values) all() []string {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.secrets
}

func forms(secret string) []string {
	all := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword("", secret).String()[1:]}
	if b, err := json.Marshal(secret); err == nil {
		all = append(all, string(b[1:len(b)-1]))
	}
	bare, quoted := encodeString(secret), strconv.Quote(secret)
	all = append(all, string(bare[1:len(bare)-1]), quoted[1:len(quoted)-1])
	all = append(all, strings.Join(strings.Fields(secret), " ")) // as screens lay out text
	all = append(all, inBase64(secret)...)
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); line != secret && len(line) >= 2*MinSecret {
			all = append(all, line)
		}
	}
	return all
}

// inBase64 are the digits that a secret becomes, by itself and inside of a text
// such as "user:secret", wherever it begins there. At its edges a digit has bits
// of what stands beside it, and is left out.
func inBase64(secret string) []string {
	var all []string
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		all = append(all, encoding.EncodeToString([]byte(secret)))
		for skip := range 3 {
			text := encoding.EncodeToString([]byte(strings.Repeat("x", skip) + secret))
			first, last := (skip*8+5)/6, (skip+len(secret))*8/6
			if inner := text[first:last]; len(inner) >= 2*MinSecret {
				all = append(all, inner)
			}
		}
	}
	return all
}

// String returns s with every secret masked; secrets that overlap or touch
// share one mask.
func (v *Values) String(s string) string {
	if !v.in(s) {
		return s
	}
	var b strings.Builder
	w := v.Writer(&b)
	_, _ = io.WriteString(w, s) // a strings.Builder never fails
	_ = w.Close()
	return b.String()
}

// Cover overwrites every secret in b with stars of the same length, for files
// that others may be appending to, and reports whether there was one.
func (v *Values) Cover(b []byte) bool {
	original := string(b)
	covered := false
	for _, secret := range v.all() {
		for from := 0; ; {
			at := strings.Index(original[from:], secret)
			if at < 0 {
				break
			}
			for i := range len(secret) {
				b[from+at+i] = '*'
			}
			from += at + 1
			covered = true
		}
	}
	return covered
}

// Longest is the length in bytes of the longest secret.
func (v *Values) Longest() int {
	longest := 0
	for _, secret := range v.all() {
		longest = max(longest, len(secret))
	}
	return longest
}

// in reports whether s holds a secret.
func (v *Values) in(s string) bool {
	for _, secret := range v.all() {
		if strings.Contains(s, secret) {
			return true
		}
	}
	return false
}

// Error returns an error with err's text masked. errors.Is and errors.As see
// through it; whoever prints it sees the mask.
func (v *Values) Error(err error) error {
	if err == nil {
		return nil
	}
	return &maskedError{text: v.String(Text(err.Error())), err: err}
}

type maskedError struct {
	text string
	err  error
}

func (e *maskedError) Error() string        { return e.text }
func (e *maskedError) Is(target error) bool { return errors.Is(e.err, target) }
func (e *maskedError) As(target any) bool   { return errors.As(e.err, target) }

// Writer returns a writer that masks secrets on their way to out, also where
// one is split across writes. It holds back only what may be the beginning of
// a secret; Close passes that on and leaves out open.
func (v *Values) Writer(out io.Writer) *Writer {
	return &Writer{out: out, values: v}
}

// Writer masks a stream. It is not safe for concurrent use.
type Writer struct {
	out     io.Writer
	values  *Values
	secrets []string // known at the last write
	held    []byte
	// covered is how many of the held bytes end a secret that began before them.
	covered int
	// masking is true when the last byte passed on was part of a secret.
	masking bool
}

// Write implements io.Writer. It reports len(p) when everything that can be
// decided was passed on.
func (w *Writer) Write(p []byte) (int, error) {
	w.secrets = w.values.all()
	w.held = append(w.held, p...)
	if err := w.pass(len(w.held) - w.undecided()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close passes on what was held back.
func (w *Writer) Close() error { return w.pass(len(w.held)) }

// undecided is the length of the longest end of held that begins a secret.
func (w *Writer) undecided() int {
	longest := 0
	for _, s := range w.secrets {
		for n := min(len(s)-1, len(w.held)); n > longest; n-- {
			if string(w.held[len(w.held)-n:]) == s[:n] {
				longest = n
			}
		}
	}
	return longest
}

// pass writes the first n held bytes, masked.
func (w *Writer) pass(n int) error {
	secret := make([]bool, len(w.held))
	for i := range w.covered {
		secret[i] = true
	}
	reach := w.covered // end of the last secret that begins before n
	for _, s := range w.secrets {
		for at := w.find(s, 0); at >= 0; at = w.find(s, at+1) {
			for i := range len(s) {
				secret[at+i] = true
			}
			if at < n {
				reach = max(reach, at+len(s))
			}
		}
	}
	var clean []byte
	for i, b := range w.held[:n] {
		switch {
		case !secret[i]:
			clean = append(clean, b)
		case !w.masking:
			clean = append(clean, Mask...)
		}
		w.masking = secret[i]
	}
	w.held = append(w.held[:0], w.held[n:]...)
	w.covered = max(reach-n, 0)
	if len(clean) == 0 {
		return nil
	}
	_, err := w.out.Write(clean)
	return err
}

func (w *Writer) find(s string, from int) int {
	if from > len(w.held) {
		return -1
	}
	at := bytes.Index(w.held[from:], []byte(s))
	if at < 0 {
		return -1
	}
	return from + at
}
