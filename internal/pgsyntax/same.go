package pgsyntax

import (
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Same reports whether two trees say the same, wherever they stand in their
// texts.
func Same(a, b proto.Message) bool { return proto.Equal(unplaced(a), unplaced(b)) }

// unplaced is a copy without locations.
func unplaced(m proto.Message) proto.Message {
	c := proto.Clone(m)
	walk(c.ProtoReflect(), 1, func(m protoreflect.Message, _ int) {
		if m.Descriptor().Name() == nodeName {
			return // it holds another message and nothing else
		}
		fields := m.Descriptor().Fields()
		for i := range fields.Len() {
			if field := fields.Get(i); isPlace(string(field.Name())) {
				m.Clear(field)
			}
		}
	})
	return c
}

func isPlace(field string) bool { return strings.HasSuffix(field, "location") || field == "stmt_len" }
