package unpack

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const (
	maxName = 4096 // bytes of a path
	maxPart = 255  // bytes of one name
)

// clean returns an entry's name in its one form, or why it is refused.
func clean(name string) (string, error) {
	switch {
	case name == "":
		return "", errors.New("has no name")
	case len(name) > maxName:
		return "", fmt.Errorf("has a name of %d bytes, expected at most %d", len(name), maxName)
	case !utf8.ValidString(name):
		return "", errors.New("has a name that is not UTF-8")
	case strings.ContainsRune(name, '\\'):
		return "", errors.New(`has a backslash in its name, expected "/" between folders`)
	case strings.ContainsFunc(name, unicode.IsControl):
		return "", errors.New("has a control character in its name")
	case strings.HasPrefix(name, "/"):
		return "", errors.New("has an absolute name, expected one below the archive's top")
	}
	for part := range strings.SplitSeq(name, "/") {
		if err := checkPart(part); err != nil {
			return "", err
		}
	}
	cleaned := path.Clean(name)
	if !filepath.IsLocal(filepath.FromSlash(cleaned)) {
		return "", errors.New("leads outside of the archive's top")
	}
	return cleaned, nil
}

func checkPart(part string) error {
	switch {
	case part == "..":
		return errors.New(`has ".." in its name, expected a name below the archive's top`)
	case len(part) > maxPart:
		return fmt.Errorf("has a part of %d bytes in its name, expected at most %d", len(part), maxPart)
	case slices.Contains(reserved(), strings.ToUpper(part)):
		return fmt.Errorf("has the name %s, which is a device on Windows", part)
	}
	return nil
}

func reserved() []string {
	names := []string{"CON", "PRN", "AUX", "NUL"}
	for i := '1'; i <= '9'; i++ {
		names = append(names, "COM"+string(i), "LPT"+string(i))
	}
	return names
}

// folded is the same for names that some file system takes for one.
func folded(name string) string { return cases.Fold().String(norm.NFC.String(name)) }

// checkTarget refuses a symbolic link that leaves the folder.
func checkTarget(name, target string) error {
	switch {
	case target == "":
		return errors.New("is a link to nothing")
	case len(target) > maxName || !utf8.ValidString(target) || strings.ContainsFunc(target, unicode.IsControl) || strings.ContainsRune(target, '\\'):
		return errors.New("is a link whose target is not a plain path")
	case strings.HasPrefix(target, "/"):
		return fmt.Errorf("is a link to %s, expected a relative target inside of the archive", shown(target))
	}
	// Behind a name, ".." may climb from where another link leads to; at the
	// front it climbs from the real folder that the link lies in.
	rest := target
	for strings.HasPrefix(rest, "../") {
		rest = rest[len("../"):]
	}
	if rest != ".." && slices.Contains(strings.Split(rest, "/"), "..") {
		return fmt.Errorf(`is a link to %s, expected ".." at the front alone`, shown(target))
	}
	if inside := path.Join(path.Dir(name), target); inside != "." && !filepath.IsLocal(filepath.FromSlash(inside)) {
		return fmt.Errorf("is a link to %s, expected a target inside of the archive", shown(target))
	}
	return nil
}

// shown quotes a foreign name for an error, shortened.
func shown(name string) string {
	if len(name) > 120 {
		name = name[:120] + "..."
	}
	return strconv.QuoteToGraphic(strings.ToValidUTF8(name, "?"))
}
