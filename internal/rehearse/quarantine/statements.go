package quarantine

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"
)

// change is one statement of the quarantine and what undoes it.
type change struct{ up, down []string }

// changes are the quarantine in its order; the way back takes them from the
// last to the first.
func (f *facts) changes(migration, fill string) []change {
	var list []change
	for _, k := range f.ties {
		list = append(list, k.off())
	}
	if f.column != "" {
		return append(list, f.loosen(fill), f.renameColumn(migration))
	}
	list = append(list, f.renameTable(migration))
	for _, v := range f.views {
		list = append(list, v.rename(migration))
	}
	return list
}

// off takes a constraint off. On the way back it holds for new rows at once;
// the old ones are checked then, and when some violate it the rows are back
// all the same.
func (k tie) off() change {
	add := fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s %s", k.table, k.name, k.definition)
	c := change{up: []string{fmt.Sprintf("ALTER TABLE %s DROP CONSTRAINT %s", k.table, k.name)}}
	switch {
	case k.partitioned: // takes no NOT VALID up to PostgreSQL 17
		c.down = []string{unlessViolated(add, fmt.Sprintf("constraint %s of %s is missing", k.name, k.table))}
	case k.valid:
		c.down = []string{
			add + " NOT VALID",
			unlessViolated(fmt.Sprintf("ALTER TABLE %s VALIDATE CONSTRAINT %s", k.table, k.name), fmt.Sprintf("constraint %s of %s is not validated", k.name, k.table)),
		}
	default:
		c.down = []string{add}
	}
	return c
}

// unlessViolated does something that rows of the quarantine may stand against,
// without holding up the way back.
func unlessViolated(statement, otherwise string) string {
	return fmt.Sprintf(`DO %[3]s
BEGIN
    %[1]s;
EXCEPTION WHEN integrity_constraint_violation THEN
    RAISE WARNING %[2]s;
END
%[3]s`, statement, strings.ReplaceAll(pq.QuoteLiteral(otherwise+": rows that were written during the quarantine violate it"), "%", "%%"), delimiter(statement+otherwise))
}

// delimiter is one for a body that may hold $$ itself, as in a default.
func delimiter(body string) string {
	d := "$$"
	for strings.Contains(body, d) {
		d = "$q" + d[1:]
	}
	return d
}

func (f *facts) renameTable(migration string) change {
	now := f.quotedSchema + "." + spelledAway(f.table)
	return change{
		up: []string{
			fmt.Sprintf("ALTER TABLE %s RENAME TO %s", f.quotedTable, spelledAway(f.table)),
			fmt.Sprintf("COMMENT ON TABLE %s IS %s", now, note(migration, f.quotedTable, f.comment)),
		},
		down: []string{
			fmt.Sprintf("ALTER TABLE %s RENAME TO %s", now, f.bareTable),
			fmt.Sprintf("COMMENT ON TABLE %s IS %s", f.quotedTable, literal(f.comment)),
		},
	}
}

func (f *facts) renameColumn(migration string) change {
	now := spelledAway(f.column)
	return change{
		up: []string{
			fmt.Sprintf("ALTER TABLE %s RENAME COLUMN %s TO %s", f.quotedTable, f.quotedField, now),
			fmt.Sprintf("COMMENT ON COLUMN %s.%s IS %s", f.quotedTable, now, note(migration, f.quotedTable+"."+f.quotedField, f.comment)),
		},
		down: []string{
			fmt.Sprintf("ALTER TABLE %s RENAME COLUMN %s TO %s", f.quotedTable, now, f.quotedField),
			fmt.Sprintf("COMMENT ON COLUMN %s.%s IS %s", f.quotedTable, f.quotedField, literal(f.comment)),
		},
	}
}

// loosen lets rows be written that do not name the column. It comes before the
// rename, so that on the way back the rows are there first.
func (f *facts) loosen(fill string) change {
	alter := fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s ", f.quotedTable, f.quotedField)
	switch {
	case fill != "":
		return change{up: []string{alter + "SET DEFAULT " + fill}, down: []string{alter + "DROP DEFAULT"}}
	case f.loses(fill):
		return change{
			up:   []string{alter + "DROP NOT NULL"},
			down: []string{unlessViolated(alter+"SET NOT NULL", fmt.Sprintf("column %s of %s is not NOT NULL", f.quotedField, f.quotedTable))},
		}
	}
	return change{}
}

func (v view) rename(migration string) change {
	kind := "VIEW"
	if v.materialized {
		kind = "MATERIALIZED VIEW"
	}
	now := v.quotedSchema + "." + spelledAway(v.name)
	return change{
		up: []string{
			fmt.Sprintf("ALTER %s %s RENAME TO %s", kind, v.quoted, spelledAway(v.name)),
			fmt.Sprintf("COMMENT ON %s %s IS %s", kind, now, note(migration, v.quoted, v.comment)),
		},
		down: []string{
			fmt.Sprintf("ALTER %s %s RENAME TO %s", kind, now, v.bare),
			fmt.Sprintf("COMMENT ON %s %s IS %s", kind, v.quoted, literal(v.comment)),
		},
	}
}

// note is the comment that something has in quarantine.
func note(migration, was string, comment sql.NullString) string {
	text := fmt.Sprintf("In quarantine by migration %s: was %s.", migration, was)
	if comment.Valid {
		text += " " + comment.String
	}
	return pq.QuoteLiteral(text)
}

// drops are the statements that end the quarantine.
func (f *facts) drops() []string {
	if f.column != "" {
		return []string{fmt.Sprintf("ALTER TABLE %s DROP COLUMN %s", f.quotedTable, spelledAway(f.column))}
	}
	var list []string
	for _, v := range slices.Backward(f.views) {
		kind := "VIEW"
		if v.materialized {
			kind = "MATERIALIZED VIEW"
		}
		list = append(list, fmt.Sprintf("DROP %s %s", kind, v.quotedSchema+"."+spelledAway(v.name)))
	}
	return append(list, "DROP TABLE "+f.quotedSchema+"."+spelledAway(f.table))
}
