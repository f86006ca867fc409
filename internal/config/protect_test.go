package config_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockstep-dev/lockstep/internal/config"
)

func TestProtectHoldsPatternsOfAddresses(t *testing.T) {
	t.Parallel()
	load := func(list string) (*config.Project, string) {
		p, ds := config.Load(fstest.MapFS{"project.lockstep.hcl": {Data: []byte("environment \"prod\" {\n  protect = " + list + "\n}\n")}})
		if !ds.HasErrors() {
			return p, ""
		}
		return p, ds.Err().Error()
	}
	p, problem := load(`["module.db.*", "aws_s3_bucket", "*[\"eu\"]*"]`)
	if problem != "" {
		t.Fatal(problem)
	}
	if got := p.Environments()[0].Protect; !slices.Equal(got, []string{"module.db.*", "aws_s3_bucket", `*["eu"]*`}) {
		t.Errorf("protect %q", got)
	}
	for _, list := range []string{`[""]`, `["database"]`, `[" aws_s3_bucket"]`, `["aws_{s3,ebs}_*"]`, `["aws_db_?"]`} {
		if _, problem := load(list); !strings.Contains(problem, "is not a pattern of addresses") {
			t.Errorf("%s: %q", list, problem)
		}
	}
}
