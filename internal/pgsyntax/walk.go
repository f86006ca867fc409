package pgsyntax

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// nodeName is the message that stands for any other one.
const nodeName = "Node"

// Walk visits a message of a tree and every message below it, a parent before
// its children and children in the order of the grammar's fields: the order
// does not depend on the run.
func Walk(m proto.Message, visit func(proto.Message)) {
	walk(m.ProtoReflect(), 1, func(m protoreflect.Message, _ int) { visit(m.Interface()) })
}

// depth is how many messages stand in one another, m among them.
func depth(m proto.Message) int {
	most := 0
	walk(m.ProtoReflect(), 1, func(_ protoreflect.Message, depth int) { most = max(most, depth) })
	return most
}

func walk(m protoreflect.Message, depth int, visit func(protoreflect.Message, int)) {
	if !m.IsValid() {
		return
	}
	visit(m, depth)
	descriptor := m.Descriptor()
	if choices := descriptor.Oneofs(); choices.Len() == 1 && descriptor.Name() == nodeName {
		// A Node is one of some 270 kinds; asking for each would take long.
		if field := m.WhichOneof(choices.Get(0)); field != nil {
			walk(m.Get(field).Message(), depth+1, visit)
		}
		return
	}
	fields := descriptor.Fields()
	for i := range fields.Len() {
		if field := fields.Get(i); field.Message() != nil && m.Has(field) {
			walkField(field, m.Get(field), depth, visit)
		}
	}
}

func walkField(field protoreflect.FieldDescriptor, v protoreflect.Value, depth int, visit func(protoreflect.Message, int)) {
	if !field.IsList() {
		walk(v.Message(), depth+1, visit)
		return
	}
	for i := range v.List().Len() {
		walk(v.List().Get(i).Message(), depth+1, visit)
	}
}
