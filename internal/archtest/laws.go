package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// Violation is one broken rule, with the reason for the rule.
type Violation struct {
	File   string
	Line   int // 0 when it is about the whole file
	What   string
	Reason string
}

// String is "file:line: what (reason)".
func (v Violation) String() string {
	where := v.File
	if v.Line > 0 {
		where = fmt.Sprintf("%s:%d", v.File, v.Line)
	}
	return fmt.Sprintf("%s: %s (%s)", where, v.What, v.Reason)
}

// Laws checks the three laws.
func Laws(t *Tree) []Violation {
	var found []Violation
	for _, f := range t.Files {
		for _, imp := range f.Imports {
			for _, law := range []func(*Tree, File, Import) string{pure, concrete, strangers} {
				if reason := law(t, f, imp); reason != "" {
					found = append(found, Violation{f.Path, imp.Line, "imports " + imp.Path, reason})
				}
			}
		}
	}
	return found
}

func pure(_ *Tree, f File, imp Import) string {
	deciders := []string{
		"plans", "internal/dag", "internal/planner", "internal/sqlscan", "internal/sqlcheck", "internal/approval",
		"internal/budget", "internal/pgclass", "internal/pgeffect", "internal/pglint", "internal/pgrule", "internal/pgschema",
		"internal/pgsyntax", "internal/pgschema", "internal/pgeffect", "internal/pglint", "internal/pgrule",
		"internal/adopt", "internal/mend", "internal/sqltrace", "internal/tfchange", "internal/tfpolicy", "internal/nesting", "internal/untrusted",
	}
	doers := []string{"os", "net", "net/http", "database/sql", "os/exec"}
	if f.Test || !slices.Contains(deciders, f.Package) || !slices.Contains(doers, imp.Path) {
		return ""
	}
	return "law 1: " + f.Package + " decides and never does; observations and files are handed to it as values"
}

func concrete(t *Tree, f File, imp Import) string {
	folder, own := t.Own(imp.Path)
	name, isProvider := strings.CutPrefix(folder, "providers/")
	if !own || !isProvider || f.Test || name == "providertest" {
		return ""
	}
	kind, _, _ := strings.Cut(name, "/")
	if f.Package == "internal/command" || within(f.Package, "providers/"+kind) {
		return ""
	}
	return "law 2: only internal/command names a concrete provider; use the contract in providers"
}

func strangers(t *Tree, f File, imp Import) string {
	folder, _ := t.Own(imp.Path)
	if within(f.Package, "internal/planner") && within(folder, "internal/rollout") ||
		within(f.Package, "internal/rollout") && within(folder, "internal/planner") {
		return "law 3: planner and rollout meet in plans.Plan alone; what was reviewed is what runs"
	}
	return ""
}

// within reports whether folder is parent or lies below it.
func within(folder, parent string) bool {
	return folder == parent || strings.HasPrefix(folder, parent+"/")
}
