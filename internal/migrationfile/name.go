package migrationfile

import (
	"fmt"
	"strings"
)

// maxName keeps a file's name, with version and direction, far below the 255
// bytes that file systems take, and readable in a plan.
const maxName = 100

// Name makes the part of a file name that says what a migration does of what a
// person typed: lower case, words joined by underscores. The error says what
// was found and what is expected.
func Name(typed string) (string, error) {
	name := strings.Join(strings.FieldsFunc(strings.ToLower(typed), between), "_")
	switch {
	case name == "":
		return "", fmt.Errorf("%q is no name: expected words such as add_status", typed)
	case strings.HasSuffix(typed, ".sql"):
		return "", fmt.Errorf("%q is a file's name: expected what the migration does, such as add_status; version and ending are added", typed)
	case strings.TrimLeft(name[:strings.Index(name+"_", "_")], "0123456789") == "":
		return "", fmt.Errorf("%q begins with a number: expected a name such as add_status; the folder gives the version", typed)
	case len(name) > maxName:
		return "", fmt.Errorf("the name has %d characters: expected at most %d; say the rest in a comment of the file", len(name), maxName)
	}
	if i := strings.IndexFunc(name, foreign); i >= 0 {
		return "", fmt.Errorf("%q has a %q: expected letters a to z, digits and underscores, such as add_status", typed, []rune(name[i:])[0])
	}
	return name, nil
}

func between(r rune) bool { return r == ' ' || r == '_' || r == '-' || r == '\t' }

// foreign are characters that some file system, shell or tool would take for
// something else.
func foreign(r rune) bool {
	return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
}
