package view

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

func TestExplainSaysWhatATerraformChangeMeans(t *testing.T) {
	t.Parallel()
	long := make([]string, maxAttributes+3)
	for i := range long {
		long[i] = strings.Repeat("a", i+1)
	}
	for name, test := range map[string]struct {
		change plans.ResourceChange
		want   []string
	}{
		"destroy first": {plans.ResourceChange{Actions: []string{"delete", "create"}, Attributes: []string{"name", "size"}, Stateful: "the database"}, []string{
			"the old one is destroyed first, then the new one is made", "lost with it: the database", "changes: name, size",
		}},
		"create first":   {plans.ResourceChange{Actions: []string{"create", "delete"}}, []string{"the new one is made first, then the old one is destroyed"}},
		"update":         {plans.ResourceChange{Actions: []string{"update"}, Stateful: "the database", Weakens: []plans.Weakening{{Attribute: "a", Reason: "b"}}}, []string{"takes away: a: b"}},
		"forget":         {plans.ResourceChange{Actions: []string{"forget"}, Stateful: "the database"}, []string{"the object stays, and nobody looks after it any more"}},
		"import, moved":  {plans.ResourceChange{Actions: []string{"no-op"}, Importing: true, ImportID: "i-1", Previous: "t.b"}, []string{"was t.b", "takes over what exists already i-1"}},
		"repair":         {plans.ResourceChange{Actions: []string{"create"}, Repairs: true}, []string{"it went away outside of Terraform and is made again"}},
		"deposed":        {plans.ResourceChange{Actions: []string{"delete"}, Deposed: "ab"}, []string{"an earlier replacement left it behind"}},
		"many":           {plans.ResourceChange{Actions: []string{"update"}, Attributes: long}, []string{"changes: " + strings.Join(long[:maxAttributes], ", ") + " and 3 more"}},
		"nothing to add": {plans.ResourceChange{Actions: []string{"create"}}, nil},
	} {
		p := newPage(&terminal.Output{Width: 400})
		resource(p, test.change)
		var got []string
		for part := range strings.SplitSeq(strings.Join(strings.Fields(p.String()), " "), "- ") {
			if part = strings.TrimSpace(part); part != "" {
				got = append(got, part)
			}
		}
		if strings.Join(got, "|") != strings.Join(test.want, "|") {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
