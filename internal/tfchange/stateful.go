package tfchange

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed stateful.tsv
var statefulTable string

// holder is a row of stateful.tsv: objects of a type that hold something. A
// condition, ATTRIBUTE=PATTERN|PATTERN, limits it to some of them.
type holder struct {
	kind      string
	attribute string
	patterns  []string
	why       string
}

var holders = sync.OnceValue(func() []holder {
	var all []holder
	for _, fields := range rows(statefulTable) {
		h := holder{kind: fields[0], why: fields[2]}
		if attribute, patterns, ok := strings.Cut(fields[1], "="); ok {
			h.attribute, h.patterns = attribute, strings.Split(patterns, "|")
		}
		all = append(all, h)
	}
	return all
})

// stateful says why what is in an object is lost with it; empty for what holds
// nothing. Either value may be missing.
func stateful(kind string, before, after any) string {
	for _, h := range holders() {
		if fits(h.kind, kind) && (h.attribute == "" || h.met(before) || h.met(after)) {
			return h.why
		}
	}
	return ""
}

func (h holder) met(v any) bool {
	for name := range strings.SplitSeq(h.attribute, ".") {
		if list, ok := v.([]any); ok {
			v = at(list, 0)
		}
		v = field(v, name)
	}
	text, _ := v.(string)
	for _, pattern := range h.patterns {
		if fits(pattern, strings.ToLower(text[strings.LastIndexByte(text, '/')+1:])) {
			return true
		}
	}
	return false
}
