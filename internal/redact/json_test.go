package redact

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	v := NewValues("s3cret", `quo"te\d <b>`, "1234567", "name")
	tests := []struct{ in, want string }{
		{`{"a": "x s3cret y", "b": [1234567, "1234567"]}`, `{"a": "x *** y", "b": [1234567, "***"]}`},
		{`{"s3cret" : "name"}`, `{"s3cret" : "***"}`},
		{`"\u0073\u0033cret"`, `"***"`},
		{`{"m":"quo\"te\\d \u003cb\u003e!"}`, `{"m":"***!"}`},
		{`{"m":"{\"inner\":\"quo\\\"te\\\\d <b>\"}"}`, `{"m":"{\"inner\":\"***\"}"}`},
		{`{"kept": "\u00e9 \/ <", "n": 1.0, "t": true}`, `{"kept": "\u00e9 \/ <", "n": 1.0, "t": true}`},
		{`no json s3cret`, `no json ***`},
		{``, ``},
	}
	for _, test := range tests {
		if got := string(v.JSON([]byte(test.in))); got != test.want {
			t.Errorf("JSON(%s)\n got %s\nwant %s", test.in, got, test.want)
		}
	}
}

func TestJSONStaysJSONWithoutTheSecret(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringN(MinSecret, 12, -1).Draw(t, "secret")
		v := NewValues(secret)
		document, err := json.Marshal(map[string]any{
			"text": rapid.String().Draw(t, "before") + secret + rapid.String().Draw(t, "after"),
			"list": []any{true, 1.5, rapid.String().Draw(t, "other")},
		})
		if err != nil {
			t.Fatal(err)
		}
		var masked struct{ Text string }
		if err := json.Unmarshal(v.JSON(document), &masked); err != nil {
			t.Fatalf("%s became no JSON: %v", document, err)
		}
		// The mask itself can complete a secret of stars alone.
		if strings.Contains(masked.Text, secret) && strings.Trim(secret, "*") != "" && strings.Count(secret, "*") == 0 {
			t.Fatalf("%q is in %q", secret, masked.Text)
		}
	})
}

func TestJSONLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := NewValues("true", "s3cret").JSONLines(&out)
	for _, part := range []string{`{"found":tr`, "ue,\"m\":\"s3c", "ret\"}\n{\"m\":\"it is true\"}\n", `"s3cret"`} {
		if _, err := io.WriteString(w, part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := `{"found":true,"m":"***"}` + "\n" + `{"m":"it is ***"}` + "\n" + `"***"`
	if out.String() != want {
		t.Errorf("got %s\nwant %s", out.String(), want)
	}
}

func TestLearn(t *testing.T) {
	t.Parallel()
	v := &Values{}
	var out bytes.Buffer
	w := v.Writer(&out)
	_, _ = io.WriteString(w, "before s3cret, ")
	v.Learn("s3cret", "abc")
	v.LearnJSON(json.RawMessage(`{"list":["deep one", 12345, "x"], "text":"flat one"}`))
	_, _ = io.WriteString(w, "after s3cret, deep one, flat one, abc, 12345, list")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if want := "before s3cret, after ***, ***, ***, abc, 12345, list"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestLearnWhileOthersMask(t *testing.T) {
	t.Parallel()
	v := NewValues("first one")
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			w := v.Writer(io.Discard)
			defer w.Close()
			for j := range 100 {
				v.Learn("secret " + string(rune('a'+i)) + string(rune('a'+j%26)))
				if got := v.String("the first one"); got != "the ***" {
					t.Errorf("got %q", got)
				}
				_, _ = io.WriteString(w, "the first one")
				v.JSON([]byte(`{"a":"first one"}`))
			}
		})
	}
	group.Wait()
}

func TestCover(t *testing.T) {
	t.Parallel()
	v := NewValues("abcd", "cdef", "aaaa")
	for in, want := range map[string]string{
		"x abcdef y": "x ****** y",
		"aaaaaa":     "******",
		"abc":        "abc",
	} {
		b := []byte(in)
		if covered := v.Cover(b); string(b) != want || covered != (in != want) {
			t.Errorf("Cover(%q) leaves %q, %v", in, b, covered)
		}
	}
	if v.Longest() != len("YWJjZA==") || (&Values{}).Longest() != 0 {
		t.Error("Longest is wrong")
	}
}
