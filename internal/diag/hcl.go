package diag

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// FromHCL converts the HCL library's diagnostics. Their "Did you mean" becomes
// the Fix, their summary the Code.
func FromHCL(in hcl.Diagnostics) Diagnostics {
	var out Diagnostics
	for _, d := range in {
		severity := Error
		if d.Severity == hcl.DiagWarning {
			severity = Warning
		}
		detail, fix := splitSuggestion(d.Detail)
		conv := Diagnostic{
			Severity: severity,
			Code:     slug(d.Summary),
			Summary:  strings.TrimSuffix(d.Summary, "."),
			Detail:   detail,
			Fix:      fix,
		}
		if d.Subject != nil {
			conv.Range = FromHCLRange(*d.Subject)
		}
		out = append(out, conv)
	}
	return out
}

// FromHCLRange converts a place.
func FromHCLRange(r hcl.Range) Range {
	return Range{
		File:  r.Filename,
		Start: Pos{Line: r.Start.Line, Column: r.Start.Column, Byte: r.Start.Byte},
		End:   Pos{Line: r.End.Line, Column: r.End.Column, Byte: r.End.Byte},
	}
}

func splitSuggestion(detail string) (rest, suggestion string) {
	i := strings.LastIndex(detail, "Did you mean")
	if i < 0 {
		return detail, ""
	}
	return strings.TrimSpace(detail[:i]), strings.TrimSpace(detail[i:])
}

func slug(summary string) string {
	words := strings.FieldsFunc(strings.ToLower(summary), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(words, "-")
}
