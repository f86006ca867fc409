package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/config"
)

// manyBlocks is a change set of n blocks, each needing the one before.
func manyBlocks(n int) string {
	var b strings.Builder
	b.WriteString("environment \"dev\" {}\nlocals {\n  name = \"x\"\n}\nchange_set \"c\" {\n")
	for i := range n {
		fmt.Fprintf(&b, "  terraform \"t%04d\" {\n    source = \"m/%d\"\n    inputs = { name = local.name, before = ", i, i)
		if i == 0 {
			b.WriteString("\"\" }\n  }\n")
			continue
		}
		fmt.Fprintf(&b, "terraform.t%04d.outputs.name }\n  }\n", i-1)
	}
	b.WriteString("}\n")
	return b.String()
}

func BenchmarkLoadAndEvaluate(b *testing.B) {
	for _, n := range []int{500, 1000, 2000, 4000} {
		fsys := project(map[string]string{"a.lockstep.hcl": manyBlocks(n)})
		b.Run(fmt.Sprintf("blocks=%d", n), func(b *testing.B) {
			for b.Loop() {
				p, ds := config.Load(fsys)
				if ds.HasErrors() {
					b.Fatal(ds.Err())
				}
				if _, ds := p.Evaluate(config.EvaluateRequest{ChangeSet: "c", Environment: "dev"}); ds.HasErrors() {
					b.Fatal(ds.Err())
				}
			}
		})
	}
}
