package faultproxy

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func startup(code uint32, rest string) []byte {
	m := Message{From: Client, Body: append([]byte{byte(code >> 24), byte(code >> 16), byte(code >> 8), byte(code)}, rest...)}
	return m.Append(nil)
}

func typed(letter byte, body string) []byte {
	return Message{Type: letter, Body: []byte(body)}.Append(nil)
}

func TestMessagesAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		from Side
		wire []byte
		want string
	}{
		{"a statement", Client, typed('Q', "SELECT  1\n FROM a\x00"), "Query SELECT 1 FROM a"},
		{"a long statement", Client, typed('Q', "SELECT 'äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöü' FROM a\x00"), "Query SELECT 'äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöü' FR..."},
		{"a prepared statement", Client, typed('P', "name\x00DELETE FROM a\x00\x00\x00"), "Parse DELETE FROM a"},
		{"the end", Client, typed('X', ""), "Terminate"},
		{"an answer", Server, typed('C', "INSERT 0 1\x00"), "CommandComplete INSERT 0 1"},
		{"the same letter from the client", Client, typed('C', "S\x00"), "Close"},
		{"ready, idle", Server, typed('Z', "I"), "ReadyForQuery idle"},
		{"ready, in a transaction", Server, typed('Z', "T"), "ReadyForQuery in a transaction"},
		{"ready, in a failed one", Server, typed('Z', "E"), "ReadyForQuery in a failed transaction"},
		{"a letter that nobody knows", Server, typed('y', ""), "message 'y'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, err := Read(bytes.NewReader(c.wire), c.from)
			if err != nil || m.String() != c.want {
				t.Errorf("got %q, %v, want %q", m, err, c.want)
			}
			if again := m.Append(nil); !bytes.Equal(again, c.wire) {
				t.Errorf("written as % x, was % x", again, c.wire)
			}
		})
	}
}

func TestFirstMessagesAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code uint32
		want string
	}{
		{3 << 16, "StartupMessage"}, {codeCancel, "CancelRequest"}, {codeEncryption, "SSLRequest"}, {codeGSS, "GSSENCRequest"},
	} {
		m, err := ReadStartup(bytes.NewReader(startup(c.code, "rest")))
		if err != nil || m.String() != c.want {
			t.Errorf("got %q, %v, want %q", m, err, c.want)
		}
	}
	m, err := ReadAnswer(bytes.NewReader([]byte("N")))
	if err != nil || m.String() != "encryption N" || string(m.Append(nil)) != "N" {
		t.Errorf("got %q, %v", m, err)
	}
}

func TestFramingThatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		wire string
		want error
	}{
		{"nothing", "", io.EOF},
		{"a letter alone", "Q", io.ErrUnexpectedEOF},
		{"half a length", "Q\x00\x00", io.ErrUnexpectedEOF},
		{"half a body", "Q\x00\x00\x00\x08ab", io.ErrUnexpectedEOF},
		{"a length that does not count itself", "Q\x00\x00\x00\x03", ErrFraming},
		{"a length beyond all bounds", "Q\xff\xff\xff\xff", ErrFraming},
	} {
		if _, err := Read(bytes.NewReader([]byte(c.wire)), Client); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	if _, err := ReadStartup(bytes.NewReader([]byte("\x00\x00\x00\x06ab"))); !errors.Is(err, ErrFraming) {
		t.Errorf("a startup message without a version: got %v", err)
	}
}

// Whatever comes, reading ends without a panic, keeps no more than it was
// given, and writes what it read.
func FuzzRead(f *testing.F) {
	f.Add(typed('Q', "SELECT 1\x00"), true)
	f.Add(typed('Z', "T"), false)
	f.Add(typed('P', "\x00BEGIN\x00\x00\x00"), true)
	f.Add([]byte("Q\x04\x00\x00\x00"), true)
	f.Add(startup(3<<16, "user\x00postgres\x00\x00"), true)
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, wire []byte, client bool) {
		from := Server
		if client {
			from = Client
		}
		m, err := Read(bytes.NewReader(wire), from)
		check(t, wire, m, err)
		m, err = ReadStartup(bytes.NewReader(wire))
		check(t, wire, m, err)
	})
}

func check(t *testing.T, wire []byte, m Message, err error) {
	t.Helper()
	_ = m.String()
	if len(m.Body) > len(wire) {
		t.Errorf("%d bytes read from %d", len(m.Body), len(wire))
	}
	if again := m.Append(nil); err == nil && !bytes.Equal(again, wire[:len(again)]) {
		t.Errorf("written as % x, was % x", again, wire)
	}
}
