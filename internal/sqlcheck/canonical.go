package sqlcheck

import (
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Canonical is the digest of a text without comments and white space; empty
// when it cannot be read.
func Canonical(src []byte, dialect string) plans.Digest {
	statements, err := splitterOf(dialect)(src)
	if err != nil {
		return ""
	}
	return plans.DigestOf(sqlscan.Canonical(src, statements))
}
