package config

import (
	"bytes"

	"github.com/hashicorp/hcl/v2/hclwrite"
)

// maxFormatRounds bounds how often the formatter runs over its own output;
// two rounds were enough for every file seen.
const maxFormatRounds = 8

// Format returns a native-syntax file in the canonical style. Formatting what
// it returned changes nothing. Files over the size limit come back unchanged.
func Format(src []byte) []byte {
	if len(src) > maxFileBytes {
		return src
	}
	for range maxFormatRounds {
		formatted := hclwrite.Format(src)
		if bytes.Equal(formatted, src) {
			return src
		}
		src = formatted
	}
	return src
}
