package catalog

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// expand writes out the shorthand of the queries:
//
//	{mine CATALOG ALIAS}   the object is a user's: of a schema n that is read, of no extension
//	{acl ACL TYPE OWNER}   how privileges differ from what the owner's objects have by default
//	{14+ EXPRESSION}       the expression from that major version on, NULL before
func (r *reader) expand(query string) string {
	shorthand := regexp.MustCompile(`\{([a-z0-9]+\+?) ([^{}]*)\}`)
	return shorthand.ReplaceAllStringFunc(query, func(found string) string {
		parts := shorthand.FindStringSubmatch(found)
		words := strings.Fields(parts[2])
		switch parts[1] {
		case "mine":
			return r.mine(words[0], words[1])
		case "acl":
			return privileges(words[0], words[1], words[2])
		}
		since, _ := strconv.Atoi(strings.TrimSuffix(parts[1], "+"))
		if r.version/10000 < since {
			return "NULL"
		}
		return parts[2]
	})
}

func (r *reader) mine(catalog, alias string) string {
	part := "'e'"
	if catalog == "pg_proc" {
		part = "'e', 'i'" // a range type's functions are part of it
	}
	text := fmt.Sprintf(`n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'lockstep', 'lockstep_trace')
		AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_catalog.%s'::regclass AND e.objid = %s.oid AND e.deptype IN (%s))`, catalog, alias, part)
	if catalog != "pg_namespace" { // the schema public has a low one
		// What initdb makes has lower oids: the server finds the others by index.
		text = fmt.Sprintf("%s.oid >= 16384 AND ", alias) + text
	}
	if catalog == "pg_class" {
		text += fmt.Sprintf(" AND %s.oid NOT IN (%s)", alias, r.omitted)
	}
	return text
}

// privileges spells an access list as its difference to the default one, so
// that a list which was never touched equals one that was set back. A grant
// by another than the owner says by whom; the owner's grant options are none
// of its own.
func privileges(acl, kind, owner string) string {
	items := "(SELECT grantor, grantee, privilege_type, is_grantable AND grantee <> %s AS is_grantable FROM aclexplode(%s) i%s) a"
	mine := ""
	if kind == "c" {
		mine = " WHERE grantee <> " + owner // who owns the table may do all the same
	}
	standard := fmt.Sprintf(items, owner, fmt.Sprintf("acldefault('%s', %s)", kind, owner), mine)
	given := fmt.Sprintf(items, owner, acl, mine)
	return fmt.Sprintf(`CASE WHEN %[1]s IS NOT NULL THEN (SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") FROM (
		SELECT w || ' ' || privilege_type || ' to ' || CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
			|| CASE WHEN is_grantable THEN ' with grant option' ELSE '' END
			|| CASE WHEN grantor <> %[4]s THEN ' by ' || quote_ident(pg_get_userbyid(grantor)) ELSE '' END AS line
		FROM (SELECT 'grant' AS w, x.* FROM (SELECT * FROM %[2]s EXCEPT SELECT * FROM %[3]s) x
			UNION ALL SELECT 'without', x.* FROM (SELECT * FROM %[3]s EXCEPT SELECT * FROM %[2]s) x) y) z) END`, acl, given, standard, owner)
}
