package scoreboard

import (
	_ "embed"
	"fmt"
	"path"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/scoreboard/fixture"
)

//go:embed testdata/reasons.tsv
var reviewed string

// Reason is one reviewed decision about what cannot be measured.
type Reason struct {
	// Case is a pattern of case IDs, as path.Match reads it but with * for any
	// text; About is our code or their rule.
	Case, About string
	OursIsRight bool
	Text        string

	used bool
}

// Reasons are all decisions, in order: the first that fits counts.
type Reasons struct{ list []*Reason }

// Written returns the decisions that were reviewed.
func Written() (*Reasons, error) { return readReasons(reviewed) }

// readReasons reads lines of four fields with tabs between: case, code or
// rule, "ours" or "theirs" for who is right, and the reason. Lines that begin
// with # are comments.
func readReasons(text string) (*Reasons, error) {
	r := &Reasons{}
	for i, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 4 || f[2] != "ours" && f[2] != "theirs" || strings.TrimSpace(f[3]) == "" {
			return nil, fmt.Errorf("reasons.tsv:%d: found %q, expected four fields with tabs between: case, code or rule, ours or theirs, reason", i+1, line)
		}
		r.list = append(r.list, &Reason{Case: f[0], About: f[1], OursIsRight: f[2] == "ours", Text: f[3]})
	}
	return r, nil
}

func (r *Reasons) find(c fixture.Case, about string) (Reason, bool) {
	for _, x := range r.list {
		if fits(x.About, about) && fits(x.Case, c.ID) {
			x.used = true
			return *x, true
		}
	}
	return Reason{}, false
}

// unused are decisions that no case asked for.
func (r *Reasons) unused() []string {
	var found []string
	for _, x := range r.list {
		if !x.used {
			found = append(found, x.Case+" "+x.About)
		}
	}
	return found
}

// fits matches a name against a pattern in which * stands for any text.
func fits(pattern, name string) bool {
	flat := strings.NewReplacer("/", ":")
	ok, err := path.Match(flat.Replace(pattern), flat.Replace(name))
	return err == nil && ok
}
