package faultproxy

import (
	"bytes"
	"fmt"
	"strings"
)

// String names the message and, for a statement or its answer, its beginning.
func (m Message) String() string {
	name := m.name()
	if text := m.text(); text != "" {
		return name + " " + text
	}
	return name
}

func (m Message) name() string {
	if m.Type == 0 {
		return m.startupName()
	}
	if m.bare {
		return fmt.Sprintf("encryption %c", m.Type)
	}
	names := serverNames()
	if m.From == Client {
		names = clientNames()
	}
	if name, ok := names[m.Type]; ok {
		return name
	}
	return fmt.Sprintf("message %q", m.Type)
}

func (m Message) startupName() string {
	switch m.code() {
	case codeCancel:
		return "CancelRequest"
	case codeEncryption:
		return "SSLRequest"
	case codeGSS:
		return "GSSENCRequest"
	default:
		return "StartupMessage"
	}
}

func clientNames() map[byte]string {
	return map[byte]string{
		'B': "Bind", 'C': "Close", 'd': "CopyData", 'c': "CopyDone", 'f': "CopyFail", 'D': "Describe", 'E': "Execute",
		'H': "Flush", 'F': "FunctionCall", 'P': "Parse", 'p': "PasswordMessage", 'Q': "Query", 'S': "Sync", 'X': "Terminate",
	}
}

func serverNames() map[byte]string {
	return map[byte]string{
		'R': "Authentication", 'K': "BackendKeyData", '2': "BindComplete", '3': "CloseComplete", 'C': "CommandComplete",
		'd': "CopyData", 'c': "CopyDone", 'G': "CopyInResponse", 'H': "CopyOutResponse", 'W': "CopyBothResponse",
		'D': "DataRow", 'I': "EmptyQueryResponse", 'E': "ErrorResponse", 'v': "NegotiateProtocolVersion", 'n': "NoData",
		'N': "NoticeResponse", 'A': "NotificationResponse", 't': "ParameterDescription", 'S': "ParameterStatus",
		'1': "ParseComplete", 's': "PortalSuspended", 'Z': "ReadyForQuery", 'T': "RowDescription",
	}
}

// text is what tells one statement from another.
func (m Message) text() string {
	switch {
	case m.From == Client && m.Type == 'Q':
		return beginning(m.Body)
	case m.From == Client && m.Type == 'P': // after the statement's own name
		_, query, _ := bytes.Cut(m.Body, []byte{0})
		return beginning(query)
	case m.From == Server && m.Type == 'C':
		return beginning(m.Body)
	case m.From == Server && m.Type == 'Z' && len(m.Body) == 1:
		return status(m.Body[0])
	}
	return ""
}

func status(letter byte) string {
	switch letter {
	case 'I':
		return "idle"
	case 'T':
		return "in a transaction"
	case 'E':
		return "in a failed transaction"
	}
	return ""
}

// shown is how much of a statement is shown.
const shown = 60

// beginning is the first words of a text that ends with a zero byte.
func beginning(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	text := strings.ToValidUTF8(strings.Join(strings.Fields(string(b)), " "), "?")
	if runes := []rune(text); len(runes) > shown {
		return string(runes[:shown]) + "..."
	}
	return text
}
