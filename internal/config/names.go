package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/lockstep-dev/lockstep/plans"
)

var (
	blockName    = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,62}$`)
)

// deviceNames cannot be file names on Windows, with or without an extension.
var deviceNames = regexp.MustCompile(`^(con|prn|aux|nul|com[0-9]|lpt[0-9])$`)

func (d *decoder) checkName(b *block, place hcl.Range) {
	switch {
	case b.doc.Type == "phase":
		d.checkPhase(b, place)
	case b.doc.Type == "variable":
		if !variableName.MatchString(b.name) {
			d.fail(mistake{
				"invalid-name", fmt.Sprintf("Invalid name %q", cut(b.name)),
				"A variable's name starts with a letter and has letters, digits, _ and -, at most 63 characters.", "Choose another name.",
			}, place)
		}
	case !blockName.MatchString(b.name):
		d.fail(mistake{
			"invalid-name", fmt.Sprintf("Invalid name %q", cut(b.name)),
			"Names become parts of paths and addresses: a-z, 0-9, _ and -, starting with a letter or digit, at most 63 characters.", "Choose another name.",
		}, place)
	case deviceNames.MatchString(b.name):
		d.fail(mistake{
			"invalid-name", fmt.Sprintf("Reserved name %q", b.name),
			"The name is a device on Windows and cannot be a file there.", "Choose another name.",
		}, place)
	}
}

func (d *decoder) checkPhase(b *block, place hcl.Range) {
	if plans.Phase(b.name).Index() >= 0 {
		return
	}
	names := make([]string, 0, len(plans.Phases()))
	for _, phase := range plans.Phases() {
		names = append(names, string(phase))
	}
	d.fail(mistake{
		"unknown-phase", fmt.Sprintf("Unknown phase %q", cut(b.name)),
		"The phases are expand, deploy, verify, release and contract, in this order.", didYouMean(b.name, names),
	}, place)
}

// cut shortens text that came from a file for a message.
func cut(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
