package pglint

import (
	"slices"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/lockstep-dev/lockstep/internal/pgrule"
	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// settings meets what is set for the statements behind it.
func settings(l look) []hit {
	name, value := settingOf(l.Tree)
	switch name {
	case "":
	case "role", "session_authorization":
		if value != "" && value != "none" {
			return []hit{{"change-role", pgrule.Names{Name: value, Whole: lines("-- as the role that connects; where an object must belong to another one:",
				"GRANT "+quotedPart(value)+" TO CURRENT_USER", "-- and, once the object is there, ALTER ... OWNER TO")}}}
		}
	case "session_replication_role":
		if value != "origin" {
			return []hit{{"checks-switched-off", pgrule.Names{Name: name}}}
		}
	case "row_security", "zero_damaged_pages", "ignore_checksum_failure", "ignore_system_indexes", "allow_system_table_mods", "ignore_invalid_pages":
		if (name == "row_security") != isOn(value) {
			return []hit{{"checks-switched-off", pgrule.Names{Name: name, Whole: lines("SET LOCAL " + name + " = DEFAULT")}}}
		}
	}
	return nil
}

// setZone follows the session's time zone. What is not spelled as UTC is
// another one.
func (f *fileview) setZone(l look) {
	switch name, value := settingOf(l.Tree); {
	case name != "timezone":
	case slices.Contains([]string{"utc", "etc/utc", "gmt", "zulu"}, strings.ToLower(value)):
		f.zone = "utc"
	default:
		f.zone = "other"
	}
}

func isOn(value string) bool {
	switch strings.ToLower(value) {
	case "on", "true", "yes", "1":
		return true
	}
	return false
}

// settingOf is what a SET, or a call of set_config(), changes, in small
// letters, and to what; both empty for other statements, the value for
// DEFAULT and what is computed.
func settingOf(tree *pg.Node) (name, value string) {
	if s := tree.GetVariableSetStmt(); s != nil {
		if s.GetKind() == pg.VariableSetKind_VAR_SET_VALUE && len(s.GetArgs()) > 0 {
			value = constant(s.GetArgs()[0])
		}
		return strings.ToLower(s.GetName()), value
	}
	if tree.GetSelectStmt() == nil {
		return "", ""
	}
	pgsyntax.Walk(tree, func(m proto.Message) {
		if f, is := m.(*pg.FuncCall); is && functionOf(f) == "set_config" && len(f.GetArgs()) > 1 {
			name, value = strings.ToLower(constant(f.GetArgs()[0])), constant(f.GetArgs()[1])
		}
	})
	return name, value
}

// constant is a constant's text, empty for anything else.
func constant(e *pg.Node) string {
	c := e.GetAConst()
	switch {
	case c.GetSval() != nil:
		return c.GetSval().GetSval()
	case c.GetIval() != nil:
		return strconv.Itoa(int(c.GetIval().GetIval()))
	case c.GetBoolval() != nil:
		if c.GetBoolval().GetBoolval() {
			return "on"
		}
		return "off"
	}
	return ""
}

// functionOf is a function's name without its schema.
func functionOf(f *pg.FuncCall) string {
	parts := f.GetFuncname()
	if len(parts) == 0 {
		return ""
	}
	return parts[len(parts)-1].GetString_().GetSval()
}
