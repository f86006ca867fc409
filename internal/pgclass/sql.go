package pgclass

import (
	"strconv"
	"strings"
	"sync"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// reserved are the words that PostgreSQL does not take as a name of a column
// or a table without quotes. Source: pg_get_keywords() of PostgreSQL 17, with
// catcode R, T and C, and VALUE, which domains need.
const reserved = ` all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean
	both case cast char character check coalesce collate collation column concurrently constraint create cross
	current_catalog current_date current_role current_schema current_time current_timestamp current_user dec decimal
	default deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full
	grant greatest group grouping having ilike in initially inner inout int integer intersect interval into is isnull
	join json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize
	json_table json_value lateral leading least left like limit localtime localtimestamp merge_action national natural
	nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay placing
	position precision primary real references returning right row select session_user setof similar smallint some
	substring symmetric system_user table tablesample then time timestamp to trailing treat trim true union unique user
	using value values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists
	xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable `

var reservedWords = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for _, word := range strings.Fields(reserved) {
		words[word] = true
	}
	return words
})

// ident spells one identifier so that SQL reads it back.
func ident(name string) string {
	plain := name != "" && name[0] != '$' && (name[0] < '0' || name[0] > '9') && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
	}) < 0
	if plain && !reservedWords()[name] {
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
