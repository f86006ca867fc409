package tfchange

import (
	"path"
	"strings"
)

// rows splits a table into its fields: one row a line, fields divided by tabs.
// Lines that begin with # are remarks.
func rows(table string) [][]string {
	var found [][]string
	for line := range strings.Lines(table) {
		line = strings.TrimRight(line, "\r\n")
		if line != "" && !strings.HasPrefix(line, "#") {
			found = append(found, strings.Split(line, "\t"))
		}
	}
	return found
}

// fits reports whether a name fits a pattern in which * stands for anything.
func fits(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}
