package version

import (
	"runtime/debug"
	"strings"
	"testing"

	goversion "github.com/hashicorp/go-version"
)

func TestString(t *testing.T) {
	t.Parallel()
	setting := func(k, v string) debug.BuildSetting { return debug.BuildSetting{Key: k, Value: v} }
	tests := map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"no build info": {nil, "lockstep " + Number},
		"no checkout":   {&debug.BuildInfo{}, "lockstep " + Number},
		"clean checkout": {
			&debug.BuildInfo{Settings: []debug.BuildSetting{setting("vcs.revision", "6f8d6a1d11116b0e"), setting("vcs.modified", "false")}},
			"lockstep " + Number + " (6f8d6a1)",
		},
		"changed checkout": {
			&debug.BuildInfo{Settings: []debug.BuildSetting{setting("vcs.revision", "6f8"), setting("vcs.modified", "true")}},
			"lockstep " + Number + " (6f8, modified)",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := from(test.info).String(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestCurrent(t *testing.T) {
	t.Parallel()
	b := Current()
	if !strings.HasPrefix(b.Go, "go1.") || !strings.Contains(b.Platform, "/") {
		t.Errorf("build says Go %q, platform %q", b.Go, b.Platform)
	}
	if _, err := goversion.NewSemver(b.Version); err != nil {
		t.Errorf("version constraints cannot read %q: %v", b.Version, err)
	}
	if String() != b.String() {
		t.Error("String differs from Current().String()")
	}
}
