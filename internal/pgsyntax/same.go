package pgsyntax

import (
	"reflect"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
)

// Same reports whether two trees say the same, wherever they stand in their
// texts.
func Same(a, b proto.Message) bool { return sameValue(reflect.ValueOf(a), reflect.ValueOf(b)) }

// sameValue compares Go's structs: protobuf's own comparison would need copies of
// both trees without their places, and takes many times as long.
func sameValue(a, b reflect.Value) bool {
	if !a.IsValid() || !b.IsValid() || a.Type() != b.Type() {
		return a.IsValid() == b.IsValid() && !a.IsValid()
	}
	switch a.Kind() {
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() && b.IsNil()
		}
		return sameValue(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !sameValue(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for _, i := range saidBy(a.Type()) {
			if !sameValue(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}

// saidBy are the fields of a message's struct that are no places.
func saidBy(message reflect.Type) []int {
	if known, ok := saidFields.Load(message); ok {
		return known.([]int)
	}
	var said []int
	for i := range message.NumField() {
		if f := message.Field(i); f.IsExported() && !isPlace(f.Name) {
			said = append(said, i)
		}
	}
	saidFields.Store(message, said)
	return said
}

// saidFields remembers what follows from the types of this program alone.
var saidFields sync.Map

func isPlace(field string) bool { return strings.HasSuffix(field, "ocation") || field == "StmtLen" }
