package command

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/redact"
)

func TestBothOutputsAreVeiled(t *testing.T) {
	t.Parallel()
	document := "{\n  \"Canary-1\": \"x Canary-1\",\n  \"n\": 1234567\n}\n"
	for _, test := range []struct{ format, written, out, err string }{
		{"text", "url Canary-1\nCana", "url ***\nCana", "url ***\nCana"},
		{"json", document, "{\n  \"Canary-1\": \"x ***\",\n  \"n\": 1234567\n}\n", "{\n  \"***\": \"x ***\",\n  \"n\": ***\n}\n"},
		{"json", "said Canary-1 and \"Canary-1\"\n", "said *** and \"***\"\n", "said *** and \"***\"\n"},
	} {
		var out, err bytes.Buffer
		a := &app{host: Host{Stdout: &out, Stderr: &err}, mask: redact.NewValues("Canary-1", "1234567")}
		a.flags.format = test.format
		off := a.veiled()
		for _, b := range []byte(test.written) {
			if _, err := a.host.Stdout.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
		}
		fmt.Fprint(a.streams().Err, test.written)
		if err := off(); err != nil {
			t.Fatal(err)
		}
		if out.String() != test.out || err.String() != test.err {
			t.Errorf("%s %q: %q and %q", test.format, test.written, out.String(), err.String())
		}
	}
}
