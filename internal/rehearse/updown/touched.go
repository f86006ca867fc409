package updown

import (
	"regexp"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
	"github.com/lockstep-dev/lockstep/plans"
)

var wordOrQuoted = regexp.MustCompile(`"(?:[^"]|"")+"|[\pL_][\pL\pN_$]*`)

// Named are the names that a file's text may mean. The bodies of functions and
// even comments count: a name too many costs a row, one too few hides a failure.
func Named(file plans.SQLFile) map[string]bool {
	names := map[string]bool{}
	for _, word := range wordOrQuoted.FindAllString(string(file.Bytes), -1) {
		if strings.HasPrefix(word, `"`) {
			names[strings.ReplaceAll(word[1:len(word)-1], `""`, `"`)] = true
			continue
		}
		names[strings.ToLower(word)] = true
	}
	return names
}

// touched are the tables of a schema that a file may do something with: those
// that it names, by an index or a constraint as well, and those with columns of
// a type that it names.
func touched(s catalog.Snapshot, file plans.SQLFile) []string {
	names := Named(file)
	var tables, types []string
	for _, o := range s.Objects {
		if !names[lastName(o.Name)] {
			continue
		}
		switch o.Kind {
		case catalog.Table:
			tables = append(tables, o.Name)
		case catalog.Index, catalog.Constraint, catalog.Trigger, catalog.Policy:
			tables = append(tables, o.On)
		case catalog.Enum, catalog.Domain, catalog.Composite, catalog.Range, catalog.DomainConstraint:
			types = append(types, o.Name, o.On)
		default:
		}
	}
	for _, o := range s.Objects {
		if o.Kind == catalog.Column && slices.Contains(types, strings.TrimSuffix(valueOf(o, "type"), "[]")) {
			tables = append(tables, o.On)
		}
	}
	slices.Sort(tables)
	return slices.Compact(tables)
}

func valueOf(o catalog.Object, attribute string) string {
	for _, a := range o.Attributes {
		if a.Name == attribute {
			return a.Value
		}
	}
	return ""
}

// parts are those of a qualified name, without their quotes.
func parts(name string) []string {
	found := wordOrQuoted.FindAllString(name, -1)
	for i, part := range found {
		if strings.HasPrefix(part, `"`) {
			found[i] = strings.ReplaceAll(part[1:len(part)-1], `""`, `"`)
		}
	}
	return found
}

func lastName(name string) string {
	all := parts(name)
	if len(all) == 0 {
		return name
	}
	return all[len(all)-1]
}

// spelled finds an object of the schema by the parts of its name, and returns
// the name as SQL spells it.
func spelled(s catalog.Snapshot, kind catalog.Kind, name ...string) (string, bool) {
	for _, o := range s.Objects {
		if o.Kind == kind && slices.Equal(parts(o.Name), name) {
			return o.Name, true
		}
	}
	return strings.Join(name, "."), false
}
