package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/redact"
)

// annotationLimit is how many annotations of a kind GitHub keeps of one step.
// Source: https://docs.github.com/actions, limits of annotations.
const annotationLimit = 10

// GitHub writes workflow commands, which show as annotations on the lines of a
// pull request: worst first, and no more of a kind than GitHub keeps, the last
// one saying how many more there are.
// Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
func GitHub(r Report) []byte {
	all := r.entries()
	worstFirst(all)
	of := map[string]int{}
	for _, e := range all {
		of[command(e)]++
	}
	var out bytes.Buffer
	written := map[string]int{}
	for _, e := range all {
		kind := command(e)
		left := of[kind] - written[kind]
		switch {
		case written[kind] == annotationLimit:
			continue
		case written[kind] == annotationLimit-1 && left > 1:
			fmt.Fprintf(&out, "::%s title=lockstep lint::and %d more; \"lockstep lint\" lists all\n", kind, left)
		default:
			annotate(&out, e)
		}
		written[kind]++
	}
	return out.Bytes()
}

func annotate(out *bytes.Buffer, e entry) {
	var properties []string
	if e.File != "" {
		properties = append(properties, "file="+property(e.file))
		if e.Line > 0 {
			properties = append(properties, fmt.Sprintf("line=%d", e.Line))
		}
	}
	properties = append(properties, "title="+property(e.Code))
	text := body(e)
	if e.File == "" && e.Address != "" {
		text = oneLine(e.Address) + ": " + text
	}
	fmt.Fprintf(out, "::%s %s::%s\n", command(e), strings.Join(properties, ","), data(text))
}

func command(e entry) string {
	switch weight(e) {
	case 0:
		return "error"
	case 1:
		return "warning"
	default:
		return "notice"
	}
}

// data escapes a command's text.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// property escapes a command's property, which also ends at a colon or comma.
func property(s string) string {
	return strings.NewReplacer("%", "%25", ":", "%3A", ",", "%2C").Replace(redact.Escape(s))
}
