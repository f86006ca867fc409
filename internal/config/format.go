package config

import (
	"bytes"

	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/lockstep-dev/lockstep/internal/diag"
)

// maxFormatRounds bounds how often the formatter runs over its own output;
// two rounds were enough for every file seen.
const maxFormatRounds = 8

// FormatFile is Format for a file that must be readable: where it is not, its
// text comes back unchanged, with what is wrong. File names choose nothing;
// the JSON form has no style.
func FormatFile(name string, src []byte) ([]byte, diag.Diagnostics) {
	ds := inspect(name, src)
	if stops(ds) {
		return src, ds
	}
	if _, hds := parse(name, src); hds.HasErrors() {
		return src, diag.FromHCL(hds)
	}
	return Format(src), nil
}

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
