// Package version tells which build of Lockstep this is. Plans, bundles and
// journals record it, so that a reader knows what computed them.
package version

import (
	"runtime"
	"runtime/debug"
)

// Number is the version of this source tree, without a leading "v". A tree
// between two releases carries the next number with "-dev".
const Number = "0.1.0-dev"

// Build is what the toolchain recorded about the running program.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // commit, when built inside a checkout
	Modified bool   `json:"modified,omitempty"` // the checkout had changes that were not committed
	Time     string `json:"time,omitempty"`     // of the commit, RFC 3339
	Go       string `json:"go"`
	Platform string `json:"platform"` // "linux/amd64"
}

// Current returns the running program's build.
func Current() Build {
	info, _ := debug.ReadBuildInfo()
	return from(info)
}

// String is the line that people see: "lockstep 0.1.0-dev (6f8d6a1, modified)".
func String() string { return Current().String() }

// String is "lockstep VERSION (REVISION, modified)"; what is not known is left out.
func (b Build) String() string {
	s := "lockstep " + b.Version
	if b.Revision == "" {
		return s
	}
	s += " (" + b.Revision[:min(len(b.Revision), 7)]
	if b.Modified {
		s += ", modified"
	}
	return s + ")"
}

func from(info *debug.BuildInfo) Build {
	b := Build{Version: Number, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info == nil {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		case "vcs.time":
			b.Time = s.Value
		}
	}
	return b
}
