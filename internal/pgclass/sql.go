package pgclass

import (
	"strconv"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// ident spells one identifier so that SQL reads it back.
func ident(name string) string {
	plain := name != "" && name[0] != '$' && (name[0] < '0' || name[0] > '9') && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
	}) < 0
	if plain && !sqlscan.Reserved(name) {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

func idents(names []string) string {
	var all []string
	for _, n := range names {
		all = append(all, ident(n))
	}
	return strings.Join(all, ", ")
}

// sqlName spells the name of an object; the schema public is left out.
func sqlName(n pgschema.Name) string {
	if n.Schema == pgschema.Public {
		return ident(n.Local)
	}
	return ident(n.Schema) + "." + ident(n.Local)
}

func literal(text string) string {
	quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	if strings.Contains(text, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}

// anyField is the modifier of an interval that may have all of its fields.
const anyField = 0x7FFF

// typeSQL spells a type, empty for one that the model cannot spell.
func typeSQL(d pgschema.DataType) string {
	text := sqlName(d.Name)
	if d.Name.Schema == "pg_catalog" {
		text = d.Name.Local
		if text == "char" {
			text = `pg_catalog."char"`
		}
	}
	modifiers := d.Modifiers
	if d.Name.Local == "interval" && len(modifiers) > 0 {
		if modifiers[0] != anyField {
			return ""
		}
		modifiers = modifiers[1:]
	}
	var spelled []string
	for _, m := range modifiers {
		spelled = append(spelled, strconv.Itoa(m))
	}
	if len(spelled) > 0 {
		text += "(" + strings.Join(spelled, ",") + ")"
	}
	if d.Array {
		text += "[]"
	}
	return text
}

// longest is how many bytes PostgreSQL keeps of a name.
const longest = 63

// named joins the parts of a name and cuts it to what PostgreSQL keeps, at a
// character.
func named(parts ...string) string {
	name := strings.Join(parts, "_")
	for len(name) > longest {
		runes := []rune(name)
		name = string(runes[:len(runes)-1])
	}
	return name
}

// act is what is done as a file's name says it.
func act(parts ...string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, strings.ToLower(strings.Join(parts, "_")))
	return strings.Trim(plain[:min(len(plain), longest)], "_")
}

// lines joins statements to the text of a file.
func lines(statements ...string) string {
	return strings.Join(statements, ";\n") + ";\n"
}
