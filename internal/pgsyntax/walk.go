package pgsyntax

import (
	"reflect"
	"sync"

	"google.golang.org/protobuf/proto"
)

// Walk visits a message of a tree and every message below it, a parent before
// its children and children in the order of the grammar's fields: the order
// does not depend on the run.
func Walk(m proto.Message, visit func(proto.Message)) {
	walk(m, func(m proto.Message, _ int) { visit(m) })
}

// depth is how many messages stand in one another, m among them.
func depth(m proto.Message) int {
	most := 0
	walk(m, func(_ proto.Message, depth int) { most = max(most, depth) })
	return most
}

// walk reads Go's structs: protobuf's own reflection takes many times as long.
// What most trees are made of is told by its type, and the rest by Go's
// reflection, which takes four times as long.
func walk(m proto.Message, visit func(m proto.Message, depth int)) {
	w := walker{visit}
	if v := reflect.ValueOf(m); v.IsValid() && !v.IsNil() {
		w.message(m, 1)
	}
}

type walker struct {
	visit func(m proto.Message, depth int)
}

// message takes one that is there.
func (w walker) message(m proto.Message, depth int) {
	w.visit(m, depth)
	if !w.common(m, depth+1) {
		w.reflected(reflect.ValueOf(m), depth+1)
	}
}

// reflected takes a pointer to a message whose parts have a depth.
func (w walker) reflected(m reflect.Value, depth int) {
	for _, field := range fieldsOf(m.Type()) {
		switch v := m.Elem().Field(field.index); {
		case field.list:
			for i := range v.Len() {
				w.value(v.Index(i), depth)
			}
		case field.choice && !v.IsNil():
			w.value(v.Elem().Elem().Field(0), depth) // the one field of the struct that was chosen
		case !field.choice:
			w.value(v, depth)
		}
	}
}

func (w walker) value(m reflect.Value, depth int) {
	if !m.IsNil() {
		w.message(m.Interface().(proto.Message), depth)
	}
}

// field is a field of a message's struct that holds messages.
type field struct {
	index        int
	list, choice bool // a choice holds one of several kinds
}

// fieldsOf has the fields of a kind of message, by the type of a pointer to it,
// and finds them once. Most fields of most kinds hold words and numbers.
func fieldsOf(message reflect.Type) []field {
	if known, ok := knownFields.Load(message); ok {
		return known.([]field)
	}
	found := fieldsIn(message.Elem())
	knownFields.Store(message, found)
	return found
}

// knownFields remembers what follows from the types of this program alone.
var knownFields sync.Map

func fieldsIn(message reflect.Type) []field {
	var found []field
	for i := range message.NumField() {
		switch f := message.Field(i); {
		case !f.IsExported():
		case f.Type.Kind() == reflect.Interface:
			found = append(found, field{index: i, choice: true})
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Pointer:
			found = append(found, field{index: i, list: true})
		case f.Type.Kind() == reflect.Pointer: // words and numbers have none
			found = append(found, field{index: i})
		}
	}
	return found
}
