// Package memo keeps on disk what was computed from the same inputs before, so
// that a second run need not compute it. A key is the hash of all inputs, the
// program among them: nothing is ever out of date, it is only not asked for any
// more.
//
// A memo is never needed. What is missing, damaged, of another program or not
// writable costs time and nothing else.
package memo

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Key stands for inputs.
type Key [sha256.Size]byte

// KeyOf returns the key of a list of inputs. Two lists have one key only if
// they have the same parts.
func KeyOf(parts ...[]byte) Key {
	h := sha256.New()
	var length [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write(part)
	}
	return Key(h.Sum(nil))
}

// Memo is one file of values, for one goroutine. A value is anything that
// encoding/gob writes and reads whole: an empty list is read as nil.
type Memo[V any] struct {
	path    string
	program Key
	known   map[Key]V // from the file
	used    map[Key]V // what this run asked for or computed
	news    bool
}

// Open reads the memo of a name in a folder; both may be missing. Without a
// folder nothing is kept.
func Open[V any](folder, name string, program Key) *Memo[V] {
	m := &Memo[V]{program: program, used: map[Key]V{}}
	if folder == "" {
		return m
	}
	digest := sha256.Sum256([]byte(name))
	m.path = filepath.Join(folder, fmt.Sprintf("%x%s", digest[:16], extension))
	text, err := readBounded(m.path)
	if err != nil {
		return m
	}
	if m.known, err = unpack[V](text, program); err == nil {
		now := time.Now()
		_ = os.Chtimes(m.path, now, now) // it only lives longer for that
	}
	return m
}

// Get returns the value of a key, if it is known.
func (m *Memo[V]) Get(k Key) (V, bool) {
	v, ok := m.known[k]
	if ok {
		m.used[k] = v
	}
	return v, ok
}

// Put adds a value. It is kept by Save.
func (m *Memo[V]) Put(k Key, v V) {
	m.used[k] = v
	m.news = true
}

// Save writes what this run used, if anything in it is new, and makes room. Of
// two processes the last one stays; a reader sees the one or the other.
func (m *Memo[V]) Save() error {
	if m.path == "" || !m.news {
		return nil
	}
	text, err := pack(m.used, m.program)
	if err != nil {
		return err
	}
	if len(text) > maxFile {
		return fmt.Errorf("%d bytes are too many to keep, at most %d are", len(text), maxFile)
	}
	folder := filepath.Dir(m.path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	prune(folder, maxFolder-int64(len(text)))
	return replace(m.path, text)
}

const (
	extension = ".memo"
	// format changes with the layout of the file.
	format = "lockstep memo 1\n"
	// maxFile and maxFolder bound what is kept, in bytes.
	maxFile   = 32 << 20
	maxFolder = 128 << 20
)

var errDamaged = errors.New("not a memo of this program")

// The file is the format, the program's key, the hash of the rest, and the
// values by gob.
func pack[V any](values map[Key]V, program Key) ([]byte, error) {
	var payload bytes.Buffer
	if err := gob.NewEncoder(&payload).Encode(values); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(payload.Bytes())
	return bytes.Join([][]byte{[]byte(format), program[:], sum[:], payload.Bytes()}, nil), nil
}

func unpack[V any](text []byte, program Key) (values map[Key]V, err error) {
	rest, ok := bytes.CutPrefix(text, []byte(format))
	if !ok || len(rest) < 2*sha256.Size || !bytes.Equal(rest[:sha256.Size], program[:]) {
		return nil, errDamaged
	}
	want, payload := rest[sha256.Size:2*sha256.Size], rest[2*sha256.Size:]
	if sum := sha256.Sum256(payload); !bytes.Equal(sum[:], want) {
		return nil, errDamaged
	}
	err = gob.NewDecoder(bytes.NewReader(payload)).Decode(&values)
	return values, err
}
