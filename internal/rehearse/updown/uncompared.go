package updown

import (
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Uncompared says what a statement changes that no comparison of catalogs sees,
// "" for a statement without it: roles and settings are of the server or of its
// databases, and large objects are rows.
func Uncompared(s sqlscan.Statement) string {
	starts := func(words ...string) bool { return s.Starts(words...) }
	changes := func(what ...string) bool {
		return slices.ContainsFunc([]string{"CREATE", "ALTER", "DROP"}, func(verb string) bool { return starts(append([]string{verb}, what...)...) })
	}
	switch {
	case changes("USER", "MAPPING"):
		if starts("ALTER") {
			return "changes a user mapping, whose options are not compared"
		}
		return ""
	case changes("ROLE"), changes("USER"), changes("GROUP"), starts("DROP", "OWNED"), starts("REASSIGN"):
		return "changes roles or what they own, which is not compared"
	case changes("DATABASE"), changes("TABLESPACE"), starts("ALTER", "SYSTEM"):
		return "changes the server or a setting of a database, which is not compared"
	case changes("SUBSCRIPTION"):
		return "changes a subscription, which is not compared"
	case starts("ALTER", "OPERATOR"):
		return "changes what operators are used for, which is not compared"
	case starts("SECURITY", "LABEL"):
		return "sets a security label, which is not compared"
	case (starts("GRANT") || starts("REVOKE")) && !slices.ContainsFunc(s.Tokens(), func(t sqlscan.Token) bool { return t.Is("ON") }):
		return "changes who is a member of a role, which is not compared"
	case !changes() && largeObjects(s):
		return "writes large objects, which are not compared"
	}
	return ""
}

// Source: PostgreSQL's manual, "Server-Side Functions" of large objects.
func largeObjects(s sqlscan.Statement) bool {
	for name := range Named(plans.SQLFile{Bytes: []byte(s.Text)}) {
		if strings.HasPrefix(name, "lo_") && name != "lo_get" && name != "lo_export" || name == "lowrite" {
			return true
		}
	}
	return false
}
