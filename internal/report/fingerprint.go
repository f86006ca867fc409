package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// fingerprints gives each entry an identity that is the same when lines above
// it come and go: it is made of the code, the file and the statement's words,
// or the summary's where there is no statement. Equal ones are counted in the
// order of their lines, so that none occurs twice. The entries must be in the
// order of their places.
func fingerprints(all []entry) {
	places := regexp.MustCompile(`\blines? \d+`) // what a summary says about places, which move
	seen := map[string]int{}
	for i := range all {
		content := places.ReplaceAllString(all[i].Summary, "line N")
		if s := all[i].statement; s != nil {
			content = s.SQL
		}
		key := identity(all[i].Finding, content)
		seen[key]++
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, seen[key]))
		all[i].fingerprint = hex.EncodeToString(sum[:])
	}
}

func identity(f plans.Finding, content string) string {
	return strings.Join([]string{f.Code, f.File, f.Address, strings.Join(strings.Fields(content), " ")}, "\x00")
}
