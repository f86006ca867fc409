package catalog

import (
	"regexp"
	"strings"
)

// stable spells an expression as the server does once it has read its own
// spelling. Of "column IN ('a', 'b')" on a varchar it first says
// (ARRAY['a'::character varying, ...])::text[], and of that
// ARRAY[('a'::character varying)::text, ...]: the same condition, which would
// else differ after it was dropped and made again from its definition.
func stable(value string) string {
	if !strings.Contains(value, "])::text[]") {
		return value
	}
	const word = `E?'(?:[^']|'')*'::character varying`
	list := regexp.MustCompile(`\(ARRAY\[(` + word + `(?:, ` + word + `)*)\]\)::text\[\]`)
	return list.ReplaceAllStringFunc(value, func(found string) string {
		words := list.FindStringSubmatch(found)[1]
		return "ARRAY[" + regexp.MustCompile(word).ReplaceAllString(words, "($0)::text") + "]"
	})
}
