package tfchange

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/lockstep-dev/lockstep/plans"
)

// attributes returns the paths of what changes, in order: of an update what
// differs or may differ, of a replacement also what forces it. A replacement
// makes every computed attribute unknown, so what merely is so is left out
// there. Nothing inside of a sensitive value is named.
func attributes(kind plans.ChangeKind, c *tfjson.Change, m Mask) []string {
	found := map[string]bool{}
	for _, steps := range c.ReplacePaths {
		if list, ok := steps.([]any); ok {
			found[written(list, c)] = true
		}
	}
	d := differences{found: found, unknown: kind == plans.ChangeUpdate}
	if c.Before != nil && (c.After != nil || anyTrue(c.AfterUnknown)) {
		d.compare("", values{c.Before, c.After, c.AfterUnknown, mark(c.BeforeSensitive), mark(c.AfterSensitive)})
	}
	maps.DeleteFunc(found, func(path string, _ bool) bool { return path == "" || m.String(path) != path })
	return slices.Sorted(maps.Keys(found))
}

// mark makes of an absent mark one that marks nothing.
func mark(v any) any {
	if v == nil {
		return false
	}
	return v
}

// values is one place of a change.
type values struct{ before, after, unknown, wasSensitive, sensitive any }

// at steps into an attribute or a map's key.
func (v values) at(name string) values {
	inside := func(v any) any {
		if v == true {
			return true
		}
		m, _ := v.(map[string]any)
		return m[name]
	}
	return values{field(v.before, name), field(v.after, name), inside(v.unknown), inside(v.wasSensitive), inside(v.sensitive)}
}

// index steps into a list's element.
func (v values) index(i int) values {
	inside := func(v any) any {
		if v == true {
			return true
		}
		list, _ := v.([]any)
		return at(list, i)
	}
	before, _ := v.before.([]any)
	after, _ := v.after.([]any)
	return values{at(before, i), at(after, i), inside(v.unknown), inside(v.wasSensitive), inside(v.sensitive)}
}

func (v values) secret() bool { return v.wasSensitive == true || v.sensitive == true }

func field(v any, name string) any {
	m, _ := v.(map[string]any)
	return m[name]
}

type differences struct {
	found   map[string]bool
	unknown bool // what is known only after apply counts too
}

func (d differences) compare(path string, v values) {
	if v.unknown == true {
		if d.unknown && path != "" {
			d.found[path] = true
		}
		return
	}
	before, wasObject := v.before.(map[string]any)
	after, isObject := v.after.(map[string]any)
	unknown, _ := v.unknown.(map[string]any)
	switch {
	case v.secret() || !wasObject || !isObject && len(unknown) == 0:
		d.compareWhole(path, v)
	default:
		names := map[string]bool{}
		for _, m := range []map[string]any{before, after, unknown} {
			for name := range m {
				names[name] = true
			}
		}
		for name := range names {
			d.compare(joined(path, name), v.at(name))
		}
	}
}

// compareWhole compares what is not an object. Lists of the same length are
// told element by element where those are objects, which is how Terraform
// shows blocks.
func (d differences) compareWhole(path string, v values) {
	before, _ := v.before.([]any)
	after, _ := v.after.([]any)
	if !v.secret() && len(before) > 0 && len(before) == len(after) {
		if _, blocks := before[0].(map[string]any); blocks {
			for i := range before {
				d.compare(fmt.Sprintf("%s[%d]", path, i), v.index(i))
			}
			return
		}
	}
	if path != "" && (!same(v.before, v.after) || d.unknown && anyTrue(v.unknown)) {
		d.found[path] = true
	}
}

// same compares JSON values. A value that is null and one that is not there
// are the same to Terraform.
func same(a, b any) bool { return reflect.DeepEqual(a, b) }

// written spells a path of replace_paths, up to the first sensitive value.
func written(steps []any, c *tfjson.Change) string {
	var path string
	v := values{c.Before, c.After, nil, c.BeforeSensitive, c.AfterSensitive}
	for _, step := range steps {
		if v.secret() {
			return path
		}
		switch step := step.(type) {
		case string:
			path, v = joined(path, step), v.at(step)
		case json.Number:
			path += "[" + step.String() + "]"
			if i, err := step.Int64(); err == nil && i >= 0 && i < maxIndex {
				v = v.index(int(i))
			}
		default:
			return path
		}
	}
	return path
}

const maxIndex = 1 << 20

func joined(path, name string) string {
	if path == "" {
		return name
	}
	if strings.ContainsAny(name, `.[]" `) {
		return fmt.Sprintf("%s[%q]", path, name)
	}
	return path + "." + name
}
