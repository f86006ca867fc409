package pgsyntax

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

// Same reports whether two trees say the same, wherever they stand in their
// texts.
func Same(a, b proto.Message) bool { return proto.Equal(unplaced(a), unplaced(b)) }

// unplaced is a copy without locations.
func unplaced(m proto.Message) proto.Message {
	c := proto.Clone(m)
	Walk(c, func(part proto.Message) {
		if _, ok := part.(*pg.Node); ok {
			return // it holds another message and nothing else
		}
		m := part.ProtoReflect()
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
