package plans

import (
	"bytes"
	"encoding/json"
	"testing"
)

func FuzzIndent(f *testing.F) {
	for _, text := range []string{
		`{}`, `[]`, `""`, `"\\"`, `"a\"b"`, `{"a":[],"b":{},"c":[{},[]],"d":[1,-2.5e3,true,null,"x"]}`,
		`{"{\"":"}],:","\\\\\"":["\\","\\\""]}`, `[[[[1]]],{"k":{"l":[{}]}}]`, `0`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var compact, want bytes.Buffer
		if json.Compact(&compact, text) != nil {
			t.Skip()
		}
		if err := json.Indent(&want, compact.Bytes(), "", "  "); err != nil {
			t.Fatal(err)
		}
		if got := indent(compact.Bytes()); !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("%s\nbecame\n%s\nexpected\n%s", text, got, want.Bytes())
		}
	})
}
