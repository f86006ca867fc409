package sqlcheck

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// Replays keeps what histories lead to, for those who judge after the same
// history more than once: a plan is made again when its files have been
// rehearsed. The zero value and nil are usable; nil keeps nothing. It is for
// one goroutine.
type Replays struct {
	known map[[sha256.Size]byte]replayed
}

// after is the history replayed. Its schemas are only read by those who share
// it: who goes on from before takes a copy.
func (r *Replays) after(h History) replayed {
	if r == nil {
		return replay(h)
	}
	key := h.digest()
	if found, known := r.known[key]; known {
		return found
	}
	if r.known == nil {
		r.known = map[[sha256.Size]byte]replayed{}
	}
	r.known[key] = replay(h)
	return r.known[key]
}

// digest tells histories apart by all that a replay depends on.
func (h History) digest() [sha256.Size]byte {
	sum := sha256.New()
	part(sum, []byte(h.Missing))
	for _, f := range h.Applied {
		part(sum, []byte(f.Path))
		part(sum, f.Bytes)
		if f.Unreleased {
			part(sum, []byte("unreleased"))
		}
		part(sum, nil)
	}
	return [sha256.Size]byte(sum.Sum(nil))
}

// part adds a text with its length, so that no two lists of texts are alike.
func part(sum hash.Hash, text []byte) {
	_ = binary.Write(sum, binary.BigEndian, uint64(len(text))) // a hash takes everything
	_, _ = sum.Write(text)
}
