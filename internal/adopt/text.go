package adopt

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// versionOf reads a version as golang-migrate's layout can hold it.
func versionOf(digits string) (uint64, error) {
	v, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || v == 0 || v > math.MaxInt64 {
		return 0, fmt.Errorf("version %q, expected 1 to %d", digits, int64(math.MaxInt64))
	}
	return v, nil
}

// instant writes a time of a tool's table as RFC 3339 in UTC, or "" when it is
// none. A text without a zone is taken as UTC.
func instant(text string) string {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC().Format("2006-01-02T15:04:05.000000Z")
		}
	}
	return ""
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

// slug makes a name that can stand in a file's name on every system.
func slug(name string) string {
	name = strings.Trim(notInNames.ReplaceAllString(name, "_"), "_.")
	if name == "" {
		return "migration"
	}
	return name
}

// lines cuts text after each line end, which stays with its line.
func lines(text string) []string {
	return strings.SplitAfter(text, "\n")
}

// section tidies one direction of a file: no blank lines around it, one line
// end behind it; "" when there is no statement in it.
func (a *assessment) section(text string) (string, error) {
	header := ""
	if rest, ok := strings.CutPrefix(text, noTransaction); ok {
		header, text = noTransaction, rest
	}
	text = header + strings.TrimPrefix(text, "\ufeff")
	statements, err := a.Split([]byte(text))
	if err != nil {
		return "", err
	}
	if len(statements) == 0 {
		return "", nil
	}
	return strings.Trim(strings.ReplaceAll(text, "\r\n", "\n"), "\n") + "\n", nil
}

// noTransaction is the header that asks for one statement at a time.
const noTransaction = "-- lockstep:no-transaction\n"

// errNoSQL is the answer to a file whose way up has no statement.
var errNoSQL = errors.New("its way up has no statement")
