package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/lockstep-dev/lockstep/plans"
)

// ErrBroken is wrapped by every Append after a failed write or fsync. The
// kernel may have dropped the page that failed, so a second fsync proves
// nothing: the run must stop and be resumed from what is on disk.
var ErrBroken = errors.New("journal cannot be written")

// sink is what a Writer needs of a file.
type sink interface {
	io.WriteCloser
	Sync() error
}

// Writer appends to the journal of one run. It is safe for concurrent use.
type Writer struct {
	mu       sync.Mutex
	sink     sink
	lock     *flock.Flock
	template Record
	actor    string
	notice   string
	seq      int64
	head     plans.Digest
	first    plans.Digest // of the first record
	broken   error
}

// Entry is what a caller says in a record; the writer adds the rest.
type Entry struct {
	Kind    Kind
	Step    string
	Attempt int
	Data    any // marshalled to JSON
	// Soon says that the record need not be durable yet: it is written at
	// once, so that a process that dies loses nothing, and the next record
	// that is not Soon makes it durable along with itself. An intent may be
	// Soon when another one follows before any effect; an outcome may be when
	// the target tells it again.
	Soon bool
}

// Append writes one record and returns when it is durable, or written when it
// is Soon. After an error other than ErrTooLarge no further record is taken.
func (w *Writer) Append(e Entry) (Record, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return Record{}, w.broken
	}
	r, err := w.record(e)
	if err != nil {
		return Record{}, err
	}
	line, doc, err := encodeLine(r)
	if err != nil {
		return Record{}, err
	}
	if _, err := w.sink.Write(line); err != nil {
		return Record{}, w.breakOff(err)
	}
	if !e.Soon {
		if err := w.sink.Sync(); err != nil {
			return Record{}, w.breakOff(err)
		}
	}
	w.seq, w.head = r.Seq, plans.DigestOf(doc)
	if r.Seq == 1 {
		w.first = w.head
	}
	return r, nil
}

func (w *Writer) record(e Entry) (Record, error) {
	r := w.template
	r.Seq, r.At, r.Prev = w.seq+1, time.Now().UTC(), w.head
	r.Kind, r.Step, r.Attempt, r.Actor = e.Kind, e.Step, e.Attempt, w.actor
	if e.Data != nil {
		data, err := json.Marshal(e.Data)
		if err != nil {
			return r, fmt.Errorf("encode %s of %q: %w", e.Kind, e.Step, err)
		}
		r.Data = data
	}
	return r, nil
}

func (w *Writer) breakOff(err error) error {
	w.broken = fmt.Errorf("%w: run %s: %w", ErrBroken, w.template.Run, err)
	return w.broken
}

// ID returns the run's id.
func (w *Writer) ID() string { return w.template.Run }

// Mark names the run among those of all journals: each counts its runs by
// itself, so that two projects, or two copies of one, both have an r-0001. It
// stays the same when the run is resumed.
func (w *Writer) Mark() string {
	return w.template.Run + "." + strings.TrimPrefix(string(w.first), "sha256:")[:markLength]
}

// markLength is how many digits of the first record's digest a mark has.
const markLength = 8

// As names who acts from now on: the one who resumes is not always the one
// who began.
func (w *Writer) As(actor string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.actor = actor
}

// Notice says what Open had to mend, or "".
func (w *Writer) Notice() string { return w.notice }

// Close releases the run. It writes nothing: a run that was not ended is seen
// as interrupted. Appending afterwards fails.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sink == nil {
		return nil
	}
	err := w.sink.Close()
	w.sink = nil
	if w.broken == nil {
		w.broken = fmt.Errorf("%w: run %s: closed", ErrBroken, w.template.Run)
	}
	if w.lock != nil {
		err = errors.Join(err, w.lock.Close())
	}
	return err
}
