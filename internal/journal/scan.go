package journal

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/lockstep-dev/lockstep/plans"
)

// scan reads a record's JSON document as encodeLine writes it, several times
// faster than encoding/json, which reads whatever scan does not know: any
// other spelling of the same document.
type scan struct {
	rest []byte
	ok   bool
}

// scanRecord reports false for a document that it does not know. Before lends
// its strings, most of which are the same in all records of a run.
func scanRecord(doc []byte, before *Record) (r Record, ok bool) {
	const prev, digest = `,"prev":"`, len(`sha256:`) + 64
	tail := len(doc) - len(prev) - digest - len(`"}`)
	if tail < 0 || !bytes.HasPrefix(doc[tail:], []byte(prev)) || !bytes.HasSuffix(doc, []byte(`"}`)) {
		return r, false
	}
	s := scan{rest: doc[:tail], ok: true}
	r.V = int(s.number(`{"v":`))
	r.Seq = s.number(`,"seq":`)
	at := s.text(`,"at":`, "")
	r.Run = s.text(`,"run":`, before.Run)
	r.ChangeSet = s.text(`,"change_set":`, before.ChangeSet)
	r.Environment = s.text(`,"environment":`, before.Environment)
	r.Plan = plans.Digest(s.text(`,"plan":`, string(before.Plan)))
	r.Kind = Kind(s.text(`,"kind":`, ""))
	r.Step = s.optional(`,"step":`, before.Step)
	if s.next(`,"attempt":`) {
		r.Attempt = int(s.number(`,"attempt":`))
	}
	r.Actor = s.optional(`,"actor":`, before.Actor)
	r.Host = s.optional(`,"host":`, before.Host)
	if s.skip(`,"data":`) {
		r.Data, s.rest = s.rest, nil
		r.parsed = scanData(r.Kind, r.Data)
		s.ok = s.ok && (r.parsed != nil || json.Valid(r.Data))
	}
	s.ok = s.ok && len(s.rest) == 0 && r.At.UnmarshalText([]byte(at)) == nil
	last := scan{rest: doc[tail : len(doc)-1], ok: true}
	r.Prev = plans.Digest(last.text(`,"prev":`, ""))
	return r, s.ok && last.ok && len(last.rest) == 0
}

func (s *scan) next(name string) bool { return bytes.HasPrefix(s.rest, []byte(name)) }

func (s *scan) skip(name string) bool {
	found := s.next(name)
	if found {
		s.rest = s.rest[len(name):]
	}
	return found
}

// number reads one as encoding/json writes it: no sign, no leading zero.
func (s *scan) number(name string) int64 {
	s.ok = s.ok && s.skip(name)
	n := 0
	for n < len(s.rest) && s.rest[n] >= '0' && s.rest[n] <= '9' {
		n++
	}
	value, err := strconv.ParseInt(string(s.rest[:n]), 10, 64)
	if err != nil || n > 1 && s.rest[0] == '0' {
		s.ok = false
	}
	s.rest = s.rest[n:]
	return value
}

func (s *scan) optional(name, before string) string {
	if !s.next(name) {
		return ""
	}
	return s.text(name, before)
}

// text reads a string. Escapes are left to encoding/json, and so is anything
// but ASCII.
func (s *scan) text(name, before string) string {
	if s.ok = s.ok && s.skip(name) && s.skip(`"`); !s.ok {
		return ""
	}
	escaped := false
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			raw := s.rest[:i]
			s.rest = s.rest[i+1:]
			return s.value(raw, escaped, before)
		case c == '\\':
			escaped = true
			i++
		case c < 0x20 || c >= 0x80:
			s.ok = false
			return ""
		}
	}
	s.ok = false
	return ""
}

func (s *scan) value(raw []byte, escaped bool, before string) string {
	if !escaped {
		if string(raw) == before {
			return before
		}
		return string(raw)
	}
	if text, simple := unescaped(raw); simple {
		return text
	}
	var text string
	quoted := append(append([]byte{'"'}, raw...), '"')
	s.ok = s.ok && json.Unmarshal(quoted, &text) == nil
	return text
}

// unescaped knows the escapes that encoding/json writes in ordinary texts.
func unescaped(raw []byte) (text string, simple bool) {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		switch rest := raw[i+1:]; {
		case len(rest) > 0 && (rest[0] == '"' || rest[0] == '\\'):
			out = append(out, rest[0])
			i++
		case bytes.HasPrefix(rest, []byte("u003e")):
			out = append(out, '>')
			i += len("u003e")
		default:
			return "", false
		}
	}
	return string(out), true
}
