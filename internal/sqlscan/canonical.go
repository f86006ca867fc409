package sqlscan

import "strings"

// Canonical writes statements without the comments and the white space that
// stand between their tokens: two texts with the same canonical form do the
// same. A wrapper that Unwrap takes away does not count either.
func Canonical(src []byte, statements []Statement) []byte {
	_, statements, _ = Unwrap(src, statements)
	var b strings.Builder
	for _, s := range statements {
		for _, t := range s.Tokens() {
			b.WriteString(t.Text)
			b.WriteByte(' ')
		}
		b.WriteString(";\n")
	}
	return []byte(b.String())
}
