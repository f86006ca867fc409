package faultproxy

import "bytes"

// Fault is what happens at one message.
type Fault struct {
	// From and Number name the message: the Number-th, counted from 1, that
	// this side sends after Arm. 0: nothing happens.
	From   Side
	Number int
	// Says names it otherwise: the first that has this text in it.
	Says string
	// Before: the message is not handed on; otherwise it is, and its
	// connection ends behind it.
	Before bool
	// Do runs at the message, while its connection stands still. nil: nothing.
	// Before a client's first message the server loses the connection.
	Do func()
	// Keep leaves the connection as it is; Do alone does the harm.
	Keep bool
	// Hides is the side that does not notice: its connection stays open, and
	// nothing comes over it any more, as behind a broken network.
	Hides Hidden
}

func (f Fault) meant(m Message, number int) bool {
	if f.Says != "" {
		return bytes.Contains(m.Body, []byte(f.Says))
	}
	return f.Number > 0 && number == f.Number
}

// Hidden says which side of a cut does not notice it.
type Hidden int

// Who does not notice a cut.
const (
	HidesNothing Hidden = iota
	HidesFromServer
	HidesFromClient
)

// String tells who notices.
func (h Hidden) String() string {
	switch h {
	case HidesFromServer:
		return "the client alone notices"
	case HidesFromClient:
		return "the server alone notices"
	default:
		return "both notice"
	}
}
