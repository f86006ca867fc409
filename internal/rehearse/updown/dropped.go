package updown

import (
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// naming lists the routines of a schema whose bodies name what was dropped.
// PostgreSQL keeps no dependency of a body that is text.
func naming(dropped []plans.Dropped, after catalog.Snapshot) []string {
	var gone []string
	for _, d := range dropped {
		if name := DroppedName(d); name != "" {
			gone = append(gone, name)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	var found []string
	for _, o := range after.Objects {
		if o.Kind != catalog.Function && o.Kind != catalog.Procedure {
			continue
		}
		named := Named(plans.SQLFile{Bytes: []byte(valueOf(o, "definition"))})
		for _, name := range gone {
			if named[name] && lastName(o.Name) != name {
				found = append(found, string(o.Kind)+" "+o.Name+" names "+name)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// DroppedName is the last part of the name of a relation or a routine that a
// statement names and drops; "" of anything else.
func DroppedName(d plans.Dropped) string {
	kinds := []string{"table", "view", "materialized view", "foreign table", "sequence", "function", "procedure", "aggregate"}
	if d.Why != "named" || !slices.Contains(kinds, d.Kind) {
		return ""
	}
	identity, _, _ := strings.Cut(d.Identity, "(")
	names := sqlscan.Names(identity)
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}
