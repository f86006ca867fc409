package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

var testHeader = Header{
	ChangeSet: "shop", Environment: "dev", Plan: plans.DigestOf([]byte("plan")),
	Content: plans.DigestOf([]byte("content")), Tool: "lockstep test", Actor: "ana",
}

func newStore(t testing.TB) *Store {
	t.Helper()
	s, err := OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func begin(t testing.TB, s *Store) *Writer {
	t.Helper()
	w, err := s.Create(testHeader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

func write(t testing.TB, w *Writer, e Entry) {
	t.Helper()
	e.Attempt = 1
	if _, err := w.Append(e); err != nil {
		t.Fatal(err)
	}
}

// sample writes a small whole run and returns its journal's bytes.
func sample(t testing.TB, s *Store) (id string, journal []byte) {
	t.Helper()
	w := begin(t, s)
	write(t, w, Entry{Kind: PhaseBegin, Data: PhaseMark{Phase: plans.Expand}})
	write(t, w, Entry{Kind: StepIntent, Step: "migration.a", Data: Intent{Phase: plans.Expand, Action: plans.ActionMigrate, Database: "database.a", Version: "7"}})
	write(t, w, Entry{Kind: StepHandle, Step: "migration.a", Data: map[string]string{"xid": "12"}})
	write(t, w, Entry{Kind: StepOutcome, Step: "migration.a", Data: Outcome{Result: ResultDone, Changed: true, Summary: "0006 -> 0007"}})
	write(t, w, Entry{Kind: PhaseDone, Data: PhaseMark{Phase: plans.Expand}})
	write(t, w, Entry{Kind: RunEnd, Data: End{State: Succeeded}})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(s.RunDir(w.ID()), journalFile))
	if err != nil {
		t.Fatal(err)
	}
	return w.ID(), b
}

func TestEveryFlippedByteIsRefusedOrTorn(t *testing.T) {
	t.Parallel()
	_, good := sample(t, newStore(t))
	whole, err := Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	refused, torn := 0, 0
	for i := range good {
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << bit
			p, err := Parse(bad)
			var corrupt *CorruptError
			switch {
			case errors.As(err, &corrupt):
				refused++
				if int(corrupt.Offset) > i {
					t.Fatalf("byte %d: reported after the damage, at %d", i, corrupt.Offset)
				}
			case err == nil && p.Torn && len(p.Records) == len(whole.Records)-1:
				torn++
			default:
				t.Fatalf("byte %d bit %d: silent, %d records, err %v", i, bit, len(p.Records), err)
			}
		}
	}
	if torn != 8 {
		t.Errorf("torn: found %d, expected 8 (the bits of the last line end)", torn)
	}
	t.Logf("%d bits: %d refused, %d torn, 0 silent", 8*len(good), refused, torn)
}

func TestCutAtEveryByteLeavesAPrefix(t *testing.T) {
	t.Parallel()
	_, good := sample(t, newStore(t))
	whole, err := Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range good {
		p, err := Parse(good[:cut])
		lines := bytes.Count(good[:cut], []byte{'\n'})
		if lines == 0 {
			if err == nil {
				t.Fatalf("cut at %d: a journal without a whole record was accepted", cut)
			}
			continue
		}
		if err != nil || len(p.Records) != lines {
			t.Fatalf("cut at %d: %d records, expected %d, err %v", cut, len(p.Records), lines, err)
		}
		if p.Torn != (good[cut-1] != '\n') {
			t.Fatalf("cut at %d: torn %v", cut, p.Torn)
		}
		if fmt.Sprint(p.Records) != fmt.Sprint(whole.Records[:lines]) {
			t.Fatalf("cut at %d: other records", cut)
		}
	}
}

func TestRecordsCannotBeMovedOrDropped(t *testing.T) {
	t.Parallel()
	_, good := sample(t, newStore(t))
	lines := bytes.SplitAfter(good, []byte{'\n'})
	lines = lines[:len(lines)-1]
	for i := range lines[:len(lines)-1] {
		dropped := bytes.Join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...), nil)
		if _, err := Parse(dropped); err == nil {
			t.Errorf("record %d dropped: accepted", i+1)
		}
		swapped := append([][]byte{}, lines...)
		swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
		if _, err := Parse(bytes.Join(swapped, nil)); err == nil {
			t.Errorf("records %d and %d swapped: accepted", i+1, i+2)
		}
	}
	// A record with a right checksum and number that does not follow.
	var r Record
	if err := json.Unmarshal(lines[len(lines)-1][checksumLen+1:], &r); err != nil {
		t.Fatal(err)
	}
	r.Prev = plans.DigestOf([]byte("another past"))
	forged, _, err := encodeLine(r)
	if err != nil {
		t.Fatal(err)
	}
	lines[len(lines)-1] = forged
	if _, err := Parse(bytes.Join(lines, nil)); err == nil || !strings.Contains(err.Error(), "hash chain") {
		t.Errorf("forged record: %v", err)
	}
}

func TestOpenCutsATornRecordAndGoesOn(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	id, good := sample(t, s)
	path := filepath.Join(s.RunDir(id), journalFile)
	if err := os.WriteFile(path, append(good, "0badc0de {\"v\":1,"...), 0o600); err != nil {
		t.Fatal(err)
	}
	w, records, err := s.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(w.Notice(), "torn") || len(records) != 7 {
		t.Errorf("notice %q, %d records", w.Notice(), len(records))
	}
	w.As("ben")
	write(t, w, Entry{Kind: RunResume})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := s.Read(id)
	if err != nil || len(again) != 8 || again[7].Actor != "ben" {
		t.Fatalf("after going on: %d records, %v", len(again), err)
	}
}

func TestOpenRefusesDamageAndChangesNothing(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	id, good := sample(t, s)
	path := filepath.Join(s.RunDir(id), journalFile)
	bad := bytes.Clone(good)
	bad[len(bad)/2] ^= 1
	if err := os.WriteFile(path, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := s.Open(id)
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || corrupt.Path != path {
		t.Fatalf("found %v", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(after, bad) {
		t.Error("the damaged journal was touched")
	}
	if s.Live(id) {
		t.Error("the lock was kept")
	}
}

func TestOneWriterAtATime(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	w := begin(t, s)
	if !s.Live(w.ID()) {
		t.Error("a run with a writer is not live")
	}
	if _, _, err := s.Open(w.ID()); !errors.Is(err, ErrLive) {
		t.Errorf("second writer: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if s.Live(w.ID()) {
		t.Error("a closed run is live")
	}
	if _, err := w.Append(Entry{Kind: RunEnd}); !errors.Is(err, ErrBroken) {
		t.Errorf("append after close: %v", err)
	}
}

func TestIdsAreUniqueAndAscending(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	ids := make(chan string)
	for range 8 {
		go func() {
			w, err := s.Create(testHeader)
			if err != nil {
				ids <- err.Error()
				return
			}
			_ = w.Close()
			ids <- w.ID()
		}()
	}
	seen := map[string]bool{}
	for range 8 {
		seen[<-ids] = true
	}
	if len(seen) != 8 || !seen["r-0001"] || !seen["r-0008"] {
		t.Errorf("found %v", seen)
	}
	if err := os.Mkdir(s.RunDir("r-0042"), 0o700); err != nil { // a Create that died
		t.Fatal(err)
	}
	runs, err := s.Runs()
	if err != nil || len(runs) != 8 || runs[0] != "r-0001" || runs[7] != "r-0008" {
		t.Errorf("runs %v, %v", runs, err)
	}
	if w := begin(t, s); w.ID() != "r-0043" {
		t.Errorf("an id was used twice: %s", w.ID())
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	w := begin(t, s)
	if err := s.Request(w.ID(), "dance"); err == nil {
		t.Error("an unknown request was accepted")
	}
	if err := s.Request(w.ID(), RequestPause); err != nil {
		t.Fatal(err)
	}
	if err := s.Request(w.ID(), RequestAbort); err != nil {
		t.Fatal(err)
	}
	if kind, err := s.TakeRequest(w.ID()); kind != RequestAbort || err != nil {
		t.Errorf("found %q, %v", kind, err)
	}
	if kind, err := s.TakeRequest(w.ID()); kind != "" || err != nil {
		t.Errorf("taken twice: %q, %v", kind, err)
	}
	_ = w.Close()
	if err := s.Request(w.ID(), RequestPause); !errors.Is(err, ErrNotLive) {
		t.Errorf("asked of a run without a process: %v", err)
	}
	if err := s.Request("r-9999", RequestPause); !errors.Is(err, ErrNoRun) {
		t.Errorf("asked of no run: %v", err)
	}
	if _, err := s.Read("../x"); !errors.Is(err, ErrNoRun) {
		t.Errorf("a path as an id: %v", err)
	}
}

// failingSink fails its n-th operation, writes and syncs counted together.
type failingSink struct {
	bytes.Buffer
	n, failAt int
	short     bool
}

var errDisk = errors.New("no space left on device")

func (f *failingSink) Write(b []byte) (int, error) {
	if f.n++; f.n == f.failAt {
		if f.short {
			n, _ := f.Buffer.Write(b[:len(b)/2])
			return n, errDisk
		}
		return 0, errDisk
	}
	return f.Buffer.Write(b)
}

func (f *failingSink) Sync() error {
	if f.n++; f.n == f.failAt {
		return errDisk
	}
	return nil
}

func (f *failingSink) Close() error { return nil }

func TestAFailedWriteIsFatalAndNeverRetried(t *testing.T) {
	t.Parallel()
	for _, short := range []bool{false, true} {
		for failAt := 1; failAt <= 8; failAt++ {
			sink := &failingSink{failAt: failAt, short: short}
			w := &Writer{
				sink: sink, head: headerDigest(testHeader.Plan, testHeader.Tool),
				template: Record{V: recordVersion, Run: "r-0001", Plan: testHeader.Plan},
			}
			good := 0
			var failed error
			for i := range 4 {
				e := Entry{Kind: StepProbe, Step: "a", Data: Probe{}}
				if i == 0 {
					e = Entry{Kind: RunBegin, Data: Begin{Tool: testHeader.Tool}}
				}
				if _, err := w.Append(e); err != nil {
					failed = err
					break
				}
				good++
			}
			if !errors.Is(failed, ErrBroken) || !errors.Is(failed, errDisk) {
				t.Fatalf("operation %d: %v", failAt, failed)
			}
			calls := sink.n
			if _, err := w.Append(Entry{Kind: RunEnd}); !errors.Is(err, ErrBroken) || sink.n != calls {
				t.Errorf("operation %d: the writer went on: %v", failAt, err)
			}
			if p, err := Parse(sink.Bytes()); good > 0 && (err != nil || len(p.Records) < good) {
				t.Errorf("operation %d: what was acknowledged is lost: %d of %d, %v", failAt, len(p.Records), good, err)
			}
		}
	}
}

func TestTooLargeARecordLeavesTheWriterUsable(t *testing.T) {
	t.Parallel()
	w := begin(t, newStore(t))
	_, err := w.Append(Entry{Kind: StepHandle, Step: "a", Data: strings.Repeat("x", MaxRecord)})
	if !errors.Is(err, ErrTooLarge) {
		t.Fatalf("found %v", err)
	}
	write(t, w, Entry{Kind: StepProbe, Step: "a", Data: Probe{}})
}

func TestPrepareRunsBeforeTheRunIsSeen(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	h := testHeader
	h.Prepare = func(dir string) error {
		if runs, err := s.Runs(); err != nil || len(runs) != 0 {
			t.Errorf("seen too early: %v, %v", runs, err)
		}
		return os.WriteFile(filepath.Join(dir, "plan.bundle"), []byte("x"), 0o600)
	}
	w, err := s.Create(h)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := os.Stat(filepath.Join(s.RunDir(w.ID()), "plan.bundle")); err != nil {
		t.Error(err)
	}
	h.Prepare = func(string) error { return errDisk }
	if _, err := s.Create(h); !errors.Is(err, errDisk) {
		t.Errorf("found %v", err)
	}
	if runs, _ := s.Runs(); len(runs) != 1 {
		t.Errorf("a run that was not prepared is seen: %v", runs)
	}
}

func FuzzParse(f *testing.F) {
	_, good := sample(f, newStore(f))
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte("00000000 {}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		if p.Good > int64(len(b)) || p.Torn != (p.Good < int64(len(b))) {
			t.Fatalf("good %d of %d, torn %v", p.Good, len(b), p.Torn)
		}
		if _, err := Parse(b[:p.Good]); err != nil {
			t.Fatalf("the good prefix is refused: %v", err)
		}
		_, _ = Replay(p.Records)
	})
}

// Two journals count their runs alike; what a run leaves at a target must not
// be taken for another's. Resuming does not change the mark.
func TestMarkNamesTheRunAmongAllJournals(t *testing.T) {
	t.Parallel()
	marks := map[string]bool{}
	for range 2 {
		store, err := OpenStore(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		w, err := store.Create(Header{ChangeSet: "a", Environment: "dev", Actor: "alice"})
		if err != nil {
			t.Fatal(err)
		}
		mark := w.Mark()
		marks[mark] = true
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		again, _, err := store.Open("r-0001")
		if err != nil {
			t.Fatal(err)
		}
		if again.Mark() != mark || !strings.HasPrefix(mark, "r-0001.") {
			t.Errorf("got %q after %q", again.Mark(), mark)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(marks) != 2 {
		t.Errorf("two journals, marks %v", marks)
	}
}
