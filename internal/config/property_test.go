package config_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/internal/config"
)

// projectOf draws a project: blocks in any order, each referring only to
// those before it.
func projectOf(rt *rapid.T) []string {
	n := rapid.IntRange(1, 12).Draw(rt, "blocks")
	var blocks []string
	for i := range n {
		var needs []string
		for j := range i {
			if rapid.Bool().Draw(rt, "needs") {
				needs = append(needs, fmt.Sprintf("terraform.t%d", j))
			}
		}
		indent := rapid.StringMatching(` {0,6}`).Draw(rt, "indent")
		blocks = append(blocks, fmt.Sprintf("terraform \"t%d\" {\n%ssource=\"m/%d\"\n%sinputs={ e=lockstep.environment,   n=%d }\n%sdepends_on=[%s]\n}\n",
			i, indent, i, indent, rapid.IntRange(-5, 5).Draw(rt, "n"), indent, strings.Join(needs, ",")))
	}
	return blocks
}

func TestEvaluationDoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		blocks := projectOf(rt)
		shuffled := rapid.Permutation(blocks).Draw(rt, "order")
		if a, b := evaluateBlocks(t, blocks), evaluateBlocks(t, shuffled); a != b {
			rt.Errorf("one order:\n%s\nanother:\n%s", a, b)
		}
	})
}

func evaluateBlocks(t *testing.T, blocks []string) string {
	t.Helper()
	fsys := project(map[string]string{"changes/a.lockstep.hcl": "environment \"dev\" {}\nchange_set \"c\" {\n" + strings.Join(blocks, "") + "}\n"})
	p := load(t, fsys)
	evaluated, ds := p.Evaluate(config.EvaluateRequest{ChangeSet: "c", Environment: "dev"})
	requireClean(t, ds, fsys)
	return describe(evaluated)
}

func TestFormatIsStableAndKeepsMeaning(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		blocks := projectOf(rt)
		src := strings.Join(blocks, "")
		formatted := string(config.Format([]byte(src)))
		if again := string(config.Format([]byte(formatted))); again != formatted {
			rt.Errorf("not stable:\n%s\n%s", formatted, again)
		}
		if a, b := evaluateBlocks(t, []string{src}), evaluateBlocks(t, []string{formatted}); a != b {
			rt.Errorf("meaning changed:\n%s\n%s", a, b)
		}
	})
}
