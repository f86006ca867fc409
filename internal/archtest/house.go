package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// MaxLines is the length that no Go file passes.
const MaxLines = 600

// Layout checks the names in the top folder. Dotfiles are free.
func Layout(t *Tree) []Violation {
	allowed := []string{
		"cmd", "internal", "plans", "providers", "testdata", "go.mod", "go.sum", "Makefile", "README.md", "LICENSE",
		"bin", // built, ignored by git
	}
	var found []Violation
	for _, name := range t.Top {
		if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "coverage") || slices.Contains(allowed, name) {
			continue
		}
		found = append(found, Violation{name, 0, "is not part of the layout", "the top folder stays a map of the product: " + strings.Join(allowed[:len(allowed)-1], ", ")})
	}
	return found
}

// House checks file lengths, names that say nothing, and package comments.
func House(t *Tree) []Violation {
	var found []Violation
	documented, first := map[string]bool{}, map[string]string{}
	for _, f := range t.Files {
		if f.Lines > MaxLines {
			found = append(found, Violation{f.Path, 0, fmt.Sprintf("has %d lines, the limit is %d", f.Lines, MaxLines), "split it by idea, one a file"})
		}
		if word := empty(f); word != "" {
			found = append(found, Violation{f.Path, 0, fmt.Sprintf("is named %q", word), "the name says nothing; name the idea"})
		}
		if f.Test {
			continue
		}
		documented[f.Package] = documented[f.Package] || f.Documented
		if first[f.Package] == "" {
			first[f.Package] = f.Path
		}
	}
	for folder, file := range first {
		if !documented[folder] {
			found = append(found, Violation{file, 0, "package " + folder + " has no package comment", "the comment tells the package's place"})
		}
	}
	slices.SortStableFunc(found, func(a, b Violation) int { return strings.Compare(a.File, b.File) })
	return found
}

func empty(f File) string {
	words := []string{"util", "utils", "common", "helper", "helpers", "types", "core", "model", "models", "misc"}
	stem := strings.TrimSuffix(strings.TrimSuffix(path.Base(f.Path), ".go"), "_test")
	for _, word := range append(strings.Split(f.Package, "/"), stem, f.Name) {
		if slices.Contains(words, word) {
			return word
		}
	}
	return ""
}
