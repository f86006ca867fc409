package planner_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/planner"
	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// thousands is a change set of 4*n steps, as the language reads it.
func thousands(b *testing.B, n int) planner.Input {
	b.Helper()
	in := planner.Input{Tool: "lockstep 0.1.0", Environment: planner.Environment{Name: "production"}}
	var body strings.Builder
	seen := func(address string, o plans.Observation) {
		o.Address = address
		in.Observations = append(in.Observations, o)
	}
	for i := range n {
		fmt.Fprintf(&body, `
terraform "m%[1]d" { source = "infra/m%[1]d" }
artifact "file" "a%[1]d" { path = "build/a%[1]d.tar" }
deployment "directory" "d%[1]d" {
  artifact   = artifact.file.a%[1]d
  path       = "/srv/d%[1]d"
  depends_on = [deployment.directory.d%[2]d, terraform.m%[1]d]
}
check "http" "c%[1]d" { url = "http://127.0.0.1:1/%[1]d" }
`, i, (i+1)%n)
		seen(fmt.Sprintf("terraform.m%d", i), module(change("terraform_data.a", "create")))
		seen(fmt.Sprintf("artifact.file.a%d", i), artifact("new"))
		seen(fmt.Sprintf("deployment.directory.d%d", i), deployment(digest("old")))
	}
	text := strings.Replace(body.String(), fmt.Sprintf("deployment.directory.d%d, terraform.m%d]", 0, n-1), fmt.Sprintf("terraform.m%d]", n-1), 1)
	in.ChangeSet = evaluated(b, text)
	return in
}

func BenchmarkPlan2000Steps(b *testing.B) {
	in := thousands(b, 500)
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		if got := len(mustPlan(b, in).Steps); got != 2000 {
			b.Fatalf("%d steps", got)
		}
	}
}

func BenchmarkPlan10000Migrations(b *testing.B) {
	var folder []plans.MigrationFile
	var applied []plans.AppliedMigration
	for v := uint64(1); v <= 10_000; v++ {
		up := fmt.Sprintf("CREATE TABLE t%d (\n  id bigint PRIMARY KEY,\n  name text NOT NULL\n);\nCREATE INDEX i%d ON t%d (name);\n", v, v, v)
		f := file(v, fmt.Sprintf("create_t%d", v), up, fmt.Sprintf("DROP TABLE t%d;", v))
		folder, applied = append(folder, f), append(applied, appliedFile(f, "earlier"))
	}
	for _, bench := range []struct {
		name    string
		applied int
		kept    *sqlcheck.Replays
	}{{"applied", 9_995, nil}, {"applied, again", 9_995, &sqlcheck.Replays{}}, {"pending", 1, nil}} {
		b.Run(bench.name, func(b *testing.B) {
			in := input(b, strings.Replace(migrationBlock, "4", "10000", 1))
			in.Siblings, in.Replays = nil, bench.kept
			in.Folders["orders"] = folder
			observe(&in, database(applied[:bench.applied]...))
			b.ReportAllocs()
			for b.Loop() {
				if got := len(mustPlan(b, in).Steps); got != 10_000-bench.applied {
					b.Fatalf("%d steps", got)
				}
			}
		})
	}
}
