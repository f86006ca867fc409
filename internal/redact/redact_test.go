package redact

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDSN(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"postgres://orders:s3cret@db.example.com:5432/orders?sslmode=require", "postgres://orders:***@db.example.com:5432/orders?sslmode=require"},
		{"postgres://orders@db/orders", "postgres://orders@db/orders"},
		{"postgres:///orders?host=/tmp/pg", "postgres:///orders?host=/tmp/pg"},
		{"postgres://u:p@ss/w:rd#?@db/orders", "postgres://u:***@db/orders"},
		{"postgres://u:pass with space@db/x", "postgres://u:***@db/x"},
		{"postgres://u:%zz@db/x", "postgres://u:***@db/x"},
		{"postgres://u:secret", "postgres://" + Hidden},
		{"postgres://h1:5432,h2:5433/x", "postgres://h1:5432,h2:5433/x"},
		{"postgres://[::1]:5432/x", "postgres://[::1]:5432/x"},
		{"postgres://db/x?user=u&password=s3cret&sslmode=disable", "postgres://db/x?user=u&password=***&sslmode=disable"},
		{"postgres://db/x?pass%77ord=s3cret", "postgres://db/x?pass%77ord=***"},
		{"postgres://db/x?%zz=s3cret", "postgres://db/x?%zz=***"},
		{"https://ghp_token@github.com/x", "https://***@github.com/x"},
		{"https://registry.example.com:8443/x", "https://registry.example.com:8443/x"},
		{"mysql://u:s3cret@tcp(db:3306)/x", "mysql://u:***@tcp(db:3306)/x"},
		{"u:s3cret@tcp(db:3306)/x", "u:***@tcp(db:3306)/x"},
		{"postgres:/u:s3cret@db/x", "postgres:***@db/x"},
		{"s3cret@db", Hidden},
		{" postgres://u:s3cret@db", Hidden},
		{"host=db user=u password=s3cret dbname=x", "host=db user=u password=*** dbname=x"},
		{`host=db password = 's3 cr\'et' user=u`, "host=db password=*** user=u"},
		{`host=db password='s3cret`, Hidden},
		{`host=db password='s3cret'x`, Hidden},
		{"host=db s3cret user=u", Hidden},
		{"Server=db;Pwd=s3cret", Hidden},
		{"file:orders.db?_auth_pass=s3cret&mode=rw", "file:orders.db?_auth_pass=***&mode=rw"},
		{"data/orders.db", "data/orders.db"},
		{"", ""},
	}
	for _, test := range tests {
		t.Run(test.in, func(t *testing.T) {
			t.Parallel()
			got := DSN(test.in)
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if again := DSN(got); again != got {
				t.Errorf("masking twice gives %q", again)
			}
		})
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{`dial "postgres://u:s3cret@db/x": refused`, `dial "postgres://u:***@db/x": refused`},
		{"cannot parse `postgres://u:s3cret`", "cannot parse `postgres://" + Hidden + "`"},
		{`bad option password=s3cret, try again`, `bad option password=***, try again`},
		{`{"api_key": "s3 cret", "name": "x"}`, `{"api_key": ***, "name": "x"}`},
		{"PGPASSWORD='s3 cret' psql", "PGPASSWORD=*** psql"},
		{"the password is wrong", "the password is wrong"},
		{"see https://example.com/docs", "see https://example.com/docs"},
	}
	for _, test := range tests {
		if got := Text(test.in); got != test.want {
			t.Errorf("Text(%q)\n got %q\nwant %q", test.in, got, test.want)
		}
	}
}

func TestDSNNeverShowsThePassword(t *testing.T) {
	t.Parallel()
	secret := rapid.Custom(func(t *rapid.T) string {
		// marked at both ends, so that a part that leaks is found
		return "Q7" + rapid.StringN(0, 12, -1).Draw(t, "middle") + "7Q"
	})
	rapid.Check(t, func(t *rapid.T) {
		s := secret.Draw(t, "secret")
		quoted := "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
		for _, dsn := range []string{
			"postgres://user:" + s + "@host:5432/db?sslmode=disable",
			"mysql://user:" + s + "@tcp(host:3306)/db",
			"user:" + s + "@tcp(host:3306)/db",
			"host=h password=" + quoted + " dbname=d",
			"password=" + quoted,
		} {
			if got := DSN(dsn); strings.Contains(got, "Q7") || strings.Contains(got, "7Q") {
				t.Errorf("DSN(%q) shows %q", dsn, got)
			}
		}
	})
}

func TestValues(t *testing.T) {
	t.Parallel()
	v := NewValues("s3cret", "p@ss w", "", "abc", "abcdef", "defghi", "line one is long\nline two is long")
	tests := []struct{ in, want string }{
		{"is s3cret here", "is *** here"},
		{"s3crets3cret", "***"},
		{"url p%40ss+w and p%40ss%20w", "url *** and ***"},
		{"abc is too short", "abc is too short"},
		{"xabcdefghix", "x***x"}, // two that overlap
		{"  line two is long!", "  ***!"},
		{"s3cre", "s3cre"},
	}
	for _, test := range tests {
		if got := v.String(test.in); got != test.want {
			t.Errorf("String(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestWriterEqualsStringHoweverSplit(t *testing.T) {
	t.Parallel()
	letters := rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 60, -1)
	rapid.Check(t, func(t *rapid.T) {
		secrets := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("abc")), MinSecret, 7, -1), 0, 4).Draw(t, "secrets")
		text := letters.Draw(t, "text")
		v := NewValues(secrets...)

		var out bytes.Buffer
		w := v.Writer(&out)
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			if m, err := io.WriteString(w, rest[:n]); m != n || err != nil {
				t.Fatalf("wrote %d of %d: %v", m, n, err)
			}
			for _, s := range secrets {
				if strings.Contains(out.String(), s) {
					t.Fatalf("%q got through: %q", s, out.String())
				}
			}
			rest = rest[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if want := naive(text, secrets); out.String() != want {
			t.Fatalf("got %q, want %q", out.String(), want)
		}
	})
}

// naive masks by marking each byte of the whole text.
func naive(text string, secrets []string) string {
	marked := make([]bool, len(text)+1)
	for i := range text {
		for _, s := range secrets {
			if strings.HasPrefix(text[i:], s) {
				for j := range len(s) {
					marked[i+j] = true
				}
			}
		}
	}
	var b strings.Builder
	for i := range text {
		switch {
		case !marked[i]:
			b.WriteByte(text[i])
		case i == 0 || !marked[i-1]:
			b.WriteString(Mask)
		}
	}
	return b.String()
}

func TestWriterHoldsBackOnlyWhatItMust(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := NewValues("s3cret").Writer(&out)
	_, _ = io.WriteString(w, "applying\ntoken s3c")
	if got := out.String(); got != "applying\ntoken " {
		t.Errorf("passed on %q", got)
	}
}

func TestWriterReportsAFailure(t *testing.T) {
	t.Parallel()
	r, pipe := io.Pipe()
	_ = r.Close()
	if n, err := NewValues("s3cret").Writer(pipe).Write([]byte("x")); n != 0 || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %d, %v", n, err)
	}
}

func TestError(t *testing.T) {
	t.Parallel()
	v := NewValues("s3cret")
	if v.Error(nil) != nil {
		t.Error("no error must stay no error")
	}
	cause := &fs.PathError{Op: "open", Path: "/s3cret", Err: fs.ErrNotExist}
	err := v.Error(cause)
	if got := err.Error(); got != "open /***: file does not exist" {
		t.Errorf("got %q", got)
	}
	var pathError *fs.PathError
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &pathError) {
		t.Error("the cause must stay recognisable")
	}
	if errors.Unwrap(err) != nil {
		t.Error("unwrapping must not hand out the unmasked error")
	}
}

func TestEscape(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, line, lines string }{
		{"plain text, größer, 日本", "plain text, größer, 日本", "plain text, größer, 日本"},
		{"red \x1b[31m", `red \x1b[31m`, `red \x1b[31m`},
		{"a\r\nb\tc\rd", `a\x0d\nb\tc\x0dd`, "a\nb\tc\\x0dd"},
		{"x\u202egpj.exe", `x\u202egpj.exe`, `x\u202egpj.exe`},
		{"zero\u200bwidth", `zero\u200bwidth`, `zero\u200bwidth`},
		{"tag \U000e0041", `tag \U000e0041`, `tag \U000e0041`},
		{"bad \xff byte", `bad \xff byte`, `bad \xff byte`},
		{"\x9b31m C1", `\x9b31m C1`, `\x9b31m C1`},
		{"\u009b31m C1", `\u009b31m C1`, `\u009b31m C1`},
	}
	for _, test := range tests {
		if got := Escape(test.in); got != test.line {
			t.Errorf("Escape(%q) = %q, want %q", test.in, got, test.line)
		}
		if got := EscapeLines(test.in); got != test.lines {
			t.Errorf("EscapeLines(%q) = %q, want %q", test.in, got, test.lines)
		}
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("x\u202e\x1b[0m\r\n\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := Escape(s)
		if strings.ContainsFunc(got, func(r rune) bool { return !visible(r, "") }) {
			t.Errorf("Escape(%q) = %q is not safe", s, got)
		}
		if Escape(got) != got {
			t.Errorf("escaping %q twice changes it", s)
		}
		if strings.Contains(EscapeLines(s), "\x1b") {
			t.Errorf("EscapeLines(%q) holds an escape sequence", s)
		}
	})
}

func FuzzDSN(f *testing.F) {
	for _, s := range []string{"postgres://u:Q7@h/d", "password='Q7", "file:x?p=1", "a=b", "://", "@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := DSN(s)
		if again := DSN(once); again != once {
			t.Errorf("DSN(%q) = %q, and of that %q", s, once, again)
		}
		Text(s)
	})
}

// A secret is found in base64 wherever it begins there.
func TestBase64(t *testing.T) {
	t.Parallel()
	const secret = "s3cr\xfft?>-value"
	v := NewValues(secret)
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
		if got := v.String("x " + encoding.EncodeToString([]byte(secret)) + " y"); !strings.HasPrefix(got, "x ***") || len(got) > len("x *** y")+2 {
			t.Errorf("alone: %s", got)
		}
		for skip := range 4 {
			text := encoding.EncodeToString([]byte(strings.Repeat("u", skip) + ":" + secret + ":end"))
			if got := v.String(text); len(got) > len(text)-12 {
				t.Errorf("behind %d bytes: %s of %s", skip, got, text)
			}
		}
	}
	if got := NewValues("abcd").String("xYWJjx YmNk"); got != "xYWJjx YmNk" {
		t.Errorf("a few digits are taken for a secret: %s", got)
	}
}
