package providers

import "io"

// Held is the place where a provider leaves what it has open at a target (a
// connection and its locks) for the next step there, so that a row of small
// steps need not begin anew each time. The caller closes what is left as soon
// as no next step follows at once. It is not safe for concurrent use: one step
// runs at a target at a time.
type Held struct{ open io.Closer }

// Take returns what was left, or nil. It is the taker's now.
func (h *Held) Take() io.Closer {
	if h == nil {
		return nil
	}
	open := h.open
	h.open = nil
	return open
}

// Leave keeps open for the next step. It reports false, and keeps nothing,
// when there is no place for it.
func (h *Held) Leave(open io.Closer) bool {
	if h == nil || h.open != nil {
		return false
	}
	h.open = open
	return true
}

// Close closes what was left.
func (h *Held) Close() error {
	if open := h.Take(); open != nil {
		return open.Close()
	}
	return nil
}
