package planner

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// destination refuses an environment that the change set leaves out, and
// notes which change sets must be there before.
func (d *draft) destination() {
	if env := d.in.Environment.Name; !d.self.goesTo(env) {
		d.refuse(d.set.Range, mistake{
			"environment-left-out",
			fmt.Sprintf("Change set %q does not go to environment %q", d.set.Name, env),
			fmt.Sprintf("Its environments are %s.", strings.Join(d.self.Environments, ", ")),
			fmt.Sprintf("Add %q to environments, or plan for another environment.", env),
		})
	}
	d.requireAll(d.set.DependsOn, map[string]bool{d.set.Name: true})
}

// requireAll requires change sets; one that leaves this environment out is
// replaced by those that it depends on.
func (d *draft) requireAll(names []string, visited map[string]bool) {
	for _, name := range names {
		if visited[name] {
			continue
		}
		visited[name] = true
		sibling, known := d.sibling(name)
		if known && !sibling.goesTo(d.in.Environment.Name) {
			d.requireAll(sibling.DependsOn, visited)
			continue
		}
		d.required[name] = true
	}
}

func (d *draft) sibling(name string) (Sibling, bool) {
	i := slices.IndexFunc(d.in.Siblings, func(s Sibling) bool { return s.Name == name })
	if i < 0 {
		return Sibling{}, false
	}
	return d.in.Siblings[i], true
}

// head is the planned change set in the form of the others.
func (d *draft) head() Sibling {
	s := Sibling{Name: d.set.Name, DependsOn: d.set.DependsOn, Environments: d.set.Environments, Versions: map[string]uint64{}}
	if same, ok := d.sibling(s.Name); ok {
		s.Order = same.Order
	}
	for _, b := range d.kind("migration") {
		s.Versions[databaseOf(b)] = versionOf(b)
	}
	return s
}

func databaseOf(b *block) string {
	if a := b.args; a.Database != nil && a.Database.Name != "" {
		return a.Database.Name
	}
	for _, address := range b.Needs { // the object as a whole is not known yet
		if name, ok := strings.CutPrefix(address, "database."); ok {
			return name
		}
	}
	return ""
}

func (d *draft) requires() []string { return slices.Sorted(maps.Keys(d.required)) }
