package terraform

import "testing"

func FuzzReadState(f *testing.F) {
	f.Add([]byte(`{"version":4,"serial":3,"lineage":"x","resources":[{"mode":"managed","type":"t","name":"n","module":"module.m","instances":[{"index_key":1,"deposed":"d","attributes":{}},{"index_key":"k"}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := readState(b)
		if err != nil {
			return
		}
		if !sameContent(s, s) {
			t.Error("a state differs from itself")
		}
		s.mark()
	})
}
