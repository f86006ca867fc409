package sqlscan

import (
	"strings"
	"sync"
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

// Reserved reports whether PostgreSQL reads an unquoted word, in small letters,
// as something else than a name.
func Reserved(word string) bool { return reservedWords()[word] }

var reservedWords = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for _, word := range strings.Fields(reserved) {
		words[word] = true
	}
	return words
})
