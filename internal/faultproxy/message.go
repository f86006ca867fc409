package faultproxy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Side is one end of a connection.
type Side int

// Sides.
const (
	Client Side = iota
	Server
)

// String returns "client" or "server".
func (s Side) String() string {
	if s == Client {
		return "client"
	}
	return "server"
}

// Message is one message of PostgreSQL's protocol as it stands on the wire.
type Message struct {
	From Side
	// Type is the message's letter. A client's first message has none, nor
	// has the server's answer to a request for encryption.
	Type byte
	// Body is what follows the letter and the length.
	Body []byte
	// bare messages stand on the wire without a length: one letter.
	bare bool
}

// ErrFraming is wrapped when bytes are not PostgreSQL's protocol.
var ErrFraming = errors.New("not PostgreSQL's protocol")

// largestMessage bounds what is kept in memory; PostgreSQL allows more.
const largestMessage = 64 << 20

// ReadStartup reads a client's message that has no letter: startup, cancel, or
// a request for encryption.
func ReadStartup(r io.Reader) (Message, error) {
	body, err := readBody(r, 0)
	if err == nil && len(body) < 4 {
		err = fmt.Errorf("%w: a startup message of %d bytes, expected a version", ErrFraming, len(body))
	}
	return Message{From: Client, Body: body}, err
}

// ReadAnswer reads the server's answer to a request for encryption.
func ReadAnswer(r io.Reader) (Message, error) {
	var letter [1]byte
	_, err := io.ReadFull(r, letter[:])
	return Message{From: Server, Type: letter[0], bare: true}, err
}

// Read reads a message with a letter.
func Read(r io.Reader, from Side) (Message, error) {
	var letter [1]byte
	if _, err := io.ReadFull(r, letter[:]); err != nil {
		return Message{From: from}, err
	}
	if letter[0] == 0 {
		return Message{From: from}, fmt.Errorf("%w: a message without a letter behind the first one", ErrFraming)
	}
	body, err := readBody(r, letter[0])
	return Message{From: from, Type: letter[0], Body: body}, err
}

// readBody reads a length, which counts itself, and what it announces.
func readBody(r io.Reader, letter byte) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, unexpected(err, letter)
	}
	length := binary.BigEndian.Uint32(head[:])
	if length < 4 || length > largestMessage {
		return nil, fmt.Errorf("%w: a message %q of %d bytes, expected 4 to %d", ErrFraming, letter, length, largestMessage)
	}
	var body bytes.Buffer // grows with what comes, not with what is announced
	if _, err := io.CopyN(&body, r, int64(length)-4); err != nil {
		return nil, unexpected(err, letter)
	}
	return body.Bytes(), nil
}

// unexpected: an end inside of a message is not a clean end. A startup message
// that never began is.
func unexpected(err error, letter byte) error {
	if errors.Is(err, io.EOF) && letter != 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Append adds the message as it stands on the wire.
func (m Message) Append(wire []byte) []byte {
	if m.bare {
		return append(wire, m.Type)
	}
	if m.Type != 0 {
		wire = append(wire, m.Type)
	}
	wire = binary.BigEndian.AppendUint32(wire, uint32(len(m.Body)+4)) //nolint:gosec // bounded by largestMessage
	return append(wire, m.Body...)
}

// Codes of a client's first message.
// Source: PostgreSQL's libpq/pqcomm.h.
const (
	codeCancel     = 80877102
	codeEncryption = 80877103
	codeGSS        = 80877104
)

func (m Message) code() uint32 {
	if m.Type != 0 || len(m.Body) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(m.Body)
}

// asksForEncryption reports whether the server answers with one letter.
func (m Message) asksForEncryption() bool {
	return m.code() == codeEncryption || m.code() == codeGSS
}
