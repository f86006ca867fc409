package quarantine

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// longest is how many bytes of a name PostgreSQL keeps (NAMEDATALEN - 1).
// https://www.postgresql.org/docs/current/sql-syntax-lexical.html
const longest = 63

const prefix = "quarantined_"

// away is the name that something has in quarantine. Where it would be too
// long it ends in a hash of the name, so that two long names stay two.
func away(name string) string {
	if len(prefix+name) <= longest {
		return prefix + name
	}
	sum := sha256.Sum256([]byte(name))
	tail := "_" + hex.EncodeToString(sum[:4])
	kept := name[:longest-len(prefix)-len(tail)]
	for !utf8.ValidString(kept) {
		kept = kept[:len(kept)-1]
	}
	return prefix + strings.TrimRight(kept, "_") + tail
}

// spelledAway is that name as SQL spells it; no keyword begins so.
func spelledAway(name string) string { return sqlscan.Identifier(away(name)) }
