package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2"

	"github.com/lockstep-dev/lockstep/internal/diag"
)

// mistake is a diagnostic without its place.
type mistake struct{ code, summary, detail, fix string }

func (m mistake) at(r hcl.Range) diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: m.code, Summary: m.summary, Detail: m.detail, Fix: m.fix,
		Range: diag.FromHCLRange(r),
	}
}

// hidden is at for a place whose text may be a secret.
func (m mistake) hidden(r hcl.Range) diag.Diagnostic {
	d := m.at(r)
	d.Hidden = true
	return d
}

func (m mistake) warning(r hcl.Range) diag.Diagnostic {
	d := m.at(r)
	d.Severity = diag.Warning
	return d
}

func nearestName(given string, names []string) string {
	best, distance := "", 3
	for _, name := range slices.Sorted(slices.Values(names)) {
		if d := levenshtein.Distance(given, name, nil); d < distance && d < len(name) {
			best, distance = name, d
		}
	}
	return best
}

// nearest is didYouMean without the list of all names.
func nearest(given string, names []string) string {
	if name := nearestName(given, names); name != "" {
		return fmt.Sprintf("Did you mean %q?", name)
	}
	return ""
}

// didYouMean returns "Did you mean \"x\"?" for the name nearest to given, or
// the names themselves when none is near and they are few.
func didYouMean(given string, names []string) string {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	switch best := nearest(given, names); {
	case best != "":
		return best
	case len(names) == 0:
		return "None is declared."
	case len(names) <= 12:
		return "Known: " + strings.Join(names, ", ") + "."
	}
	return ""
}
