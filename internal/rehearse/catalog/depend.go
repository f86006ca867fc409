package catalog

import (
	"database/sql"
	"slices"
	"strings"
)

// aliases are parts that pg_depend speaks of and that belong to an object:
// a column's default, a view's query, the row type and array type of a table,
// the index of a constraint.
const aliases = `
SELECT 'pg_attrdef/' || oid || '/0', 'pg_class/' || adrelid || '/' || adnum FROM pg_attrdef
UNION ALL SELECT 'pg_rewrite/' || oid || '/0', 'pg_class/' || ev_class || '/0' FROM pg_rewrite WHERE rulename = '_RETURN' AND oid >= 16384
UNION ALL SELECT 'pg_type/' || oid || '/0', 'pg_class/' || typrelid || '/0' FROM pg_type WHERE typrelid >= 16384
UNION ALL SELECT 'pg_type/' || a.oid || '/0', CASE WHEN e.typrelid = 0 THEN 'pg_type/' || e.oid ELSE 'pg_class/' || e.typrelid END || '/0'
	FROM pg_type a JOIN pg_type e ON e.typarray = a.oid WHERE a.oid >= 16384
UNION ALL SELECT 'pg_publication_rel/' || oid || '/0', 'pg_publication/' || prpubid || '/0' FROM pg_publication_rel
UNION ALL SELECT 'pg_class/' || conindid || '/0', 'pg_constraint/' || oid || '/0' FROM pg_constraint WHERE contype IN ('p', 'u', 'x')`

// A sequence that is owned by a column goes with it; the column's default
// already needs the sequence, so this direction is left to "owned by".
const dependencies = `
SELECT d.classid::regclass || '/' || d.objid || '/' || d.objsubid, d.refclassid::regclass || '/' || d.refobjid || '/' || d.refobjsubid
FROM pg_depend d LEFT JOIN pg_class s ON d.classid = 'pg_catalog.pg_class'::regclass AND s.oid = d.objid AND s.relkind = 'S'
WHERE d.refobjid >= 16384 AND d.objid >= 16384 AND d.deptype IN ('n', 'a', 'i', 'P', 'S') AND (s.oid IS NULL OR d.deptype = 'n')`

func (r *reader) dependencies() error {
	belongs := map[string]string{}
	err := r.rows(aliases, nil, func(v []sql.NullString, _ []string) { belongs[v[0].String] = v[1].String })
	if err != nil {
		return err
	}
	place := func(address string) (int, bool) {
		if owner, ok := belongs[address]; ok {
			address = owner
		}
		if at, ok := r.at[address]; ok {
			return at, true
		}
		at, ok := r.at[address[:strings.LastIndex(address, "/")]+"/0"] // a view's column
		return at, ok
	}
	seen := map[[2]int]bool{}
	err = r.rows(dependencies, nil, func(v []sql.NullString, _ []string) {
		user, ok := place(v[0].String)
		used, known := place(v[1].String)
		if ok && known && user != used && !seen[[2]int{user, used}] {
			seen[[2]int{user, used}] = true
			r.found[user].uses = append(r.found[user].uses, r.found[used].key())
		}
	})
	for _, o := range r.found {
		slices.SortFunc(o.uses, compareKeys)
	}
	return err
}
