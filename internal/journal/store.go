package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/plans"
)

const (
	runsDir     = "runs"
	journalFile = "journal.jsonl"
	lockFile    = "lock"
)

// ErrLive is wrapped when a run is opened for writing while another process
// works on it.
var ErrLive = errors.New("another process works on this run")

// ErrNoRun is wrapped when there is no run with that id.
var ErrNoRun = errors.New("no such run")

// Store keeps journals as files below one folder.
type Store struct {
	dir  string // the runs folder
	host string

	mu   sync.Mutex
	seen map[string]replayed // by id
}

// replayed is a run as its journal said when the file was like that. A journal
// only grows.
type replayed struct {
	size    int64
	changed time.Time
	run     Run
}

// OpenStore returns the store in dir, usually ".lockstep". It creates the
// folder when it is missing.
func OpenStore(dir string) (*Store, error) {
	runs := filepath.Join(dir, runsDir)
	if err := os.MkdirAll(runs, 0o700); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &Store{dir: runs, host: host}, nil
}

// Header says what a new run is about.
type Header struct {
	ChangeSet   string
	Environment string
	Plan        plans.Digest
	Content     plans.Digest
	Kind        RunKind   // Apply when empty
	Of          string    // the run that a rollback undoes
	Ordered     *Rollback // what a rollback is asked to do
	Tool        string    // "lockstep VERSION" that runs it
	Actor       string
	// Prepare, when not nil, fills the run's folder before the run exists
	// for others: a run without its bundle is never seen.
	Prepare func(runDir string) error
}

// Create begins a run under the next free id and returns its writer, with
// the run.begin record on disk.
func (s *Store) Create(h Header) (*Writer, error) {
	if h.Kind == "" {
		h.Kind = Apply
	}
	id, err := s.allocate()
	if err != nil {
		return nil, fmt.Errorf("create run: %w", err)
	}
	w, err := s.begin(id, h)
	if err != nil {
		return nil, fmt.Errorf("create run %s: %w", id, err)
	}
	return w, nil
}

func (s *Store) begin(id string, h Header) (*Writer, error) {
	lock, err := s.lock(id)
	if err != nil {
		return nil, err
	}
	failpoint.Here("journal: the run has a folder")
	if h.Prepare != nil {
		if err := h.Prepare(s.RunDir(id)); err != nil {
			return nil, errors.Join(err, lock.Close())
		}
	}
	failpoint.Here("journal: the run's inputs are kept")
	path := filepath.Join(s.RunDir(id), journalFile)
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	w := &Writer{
		sink: file, lock: lock, actor: h.Actor,
		template: Record{
			V: recordVersion, Run: id, ChangeSet: h.ChangeSet, Environment: h.Environment,
			Plan: h.Plan, Host: s.host,
		},
		head: headerDigest(h.Plan, h.Tool),
	}
	begin := Begin{Tool: h.Tool, Content: h.Content, Kind: h.Kind, Of: h.Of, Ordered: h.Ordered}
	if _, err := w.Append(Entry{Kind: RunBegin, Data: begin}); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	failpoint.Here("journal: before the run is seen")
	if err := os.Rename(path+".new", path); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	failpoint.Here("journal: after the run is seen")
	if err := s.syncFolders(id); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// syncFolders makes the run's directory entries durable.
func (s *Store) syncFolders(id string) error {
	for _, dir := range []string{s.RunDir(id), s.dir} {
		d, err := os.Open(dir)
		if err != nil {
			return err
		}
		if err := errors.Join(d.Sync(), d.Close()); err != nil {
			return err
		}
	}
	return nil
}

// allocate makes the folder of the next id; the exclusive mkdir decides
// between processes.
func (s *Store) allocate() (string, error) {
	last, err := s.lastNumber()
	if err != nil {
		return "", err
	}
	for n := last + 1; ; n++ {
		id := fmt.Sprintf("r-%04d", n)
		err := os.Mkdir(s.RunDir(id), 0o700)
		if err == nil {
			return id, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
}

func (s *Store) lastNumber() (int, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return 0, err
	}
	last := 0
	for _, e := range entries {
		if n := runNumber(e.Name()); n > last {
			last = n
		}
	}
	return last, nil
}

// runNumber returns the number of a run id, or 0 for any other name.
func runNumber(id string) int {
	digits, ok := strings.CutPrefix(id, "r-")
	if !ok || len(digits) < 4 {
		return 0
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// Open continues a run: it takes the run's lock, reads the journal, cuts a
// torn last record (the writer's Notice says so) and drops a request that
// nobody took. A damaged journal is a *CorruptError and stays as it is.
func (s *Store) Open(id string) (*Writer, []Record, error) {
	if err := s.known(id); err != nil {
		return nil, nil, err
	}
	lock, err := s.lock(id)
	if err != nil {
		return nil, nil, err
	}
	w, records, err := s.reopen(id, lock)
	if err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	return w, records, nil
}

func (s *Store) reopen(id string, lock *flock.Flock) (*Writer, []Record, error) {
	parsed, size, err := s.parse(id)
	if err != nil {
		return nil, nil, err
	}
	file, err := os.OpenFile(filepath.Join(s.RunDir(id), journalFile), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open run %s: %w", id, err)
	}
	last := parsed.Records[len(parsed.Records)-1]
	w := &Writer{sink: file, lock: lock, actor: last.Actor, seq: last.Seq, head: parsed.head, first: parsed.first, template: Record{
		V: recordVersion, Run: last.Run, ChangeSet: last.ChangeSet, Environment: last.Environment,
		Plan: last.Plan, Host: s.host,
	}}
	if parsed.Torn {
		if err := errors.Join(file.Truncate(parsed.Good), file.Sync()); err != nil {
			return nil, nil, errors.Join(fmt.Errorf("cut torn record of run %s: %w", id, err), file.Close())
		}
		w.notice = fmt.Sprintf("the last record of run %s was torn (%d bytes) and was cut; the targets are asked what really happened",
			id, size-parsed.Good)
	}
	if _, err := s.TakeRequest(id); err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return w, parsed.Records, nil
}

// Read returns a run's records without taking its lock. A record that is
// being written at this moment is left out.
func (s *Store) Read(id string) ([]Record, error) {
	if err := s.known(id); err != nil {
		return nil, err
	}
	parsed, _, err := s.parse(id)
	return parsed.Records, err
}

func (s *Store) parse(id string) (Parsed, int64, error) {
	path := filepath.Join(s.RunDir(id), journalFile)
	b, err := os.ReadFile(path)
	if err != nil {
		return Parsed{}, 0, fmt.Errorf("read run %s: %w", id, err)
	}
	parsed, err := Parse(b)
	var corrupt *CorruptError
	if errors.As(err, &corrupt) {
		corrupt.Path = path
	}
	if err == nil && parsed.Records[0].Run != id {
		err = &CorruptError{Path: path, Record: 1, Reason: fmt.Sprintf("it belongs to run %q, expected %q", parsed.Records[0].Run, id)}
	}
	return parsed, int64(len(b)), err
}

func (s *Store) known(id string) error {
	if runNumber(id) == 0 {
		return fmt.Errorf("%w: %q (a run is called r-0001, r-0002, ...)", ErrNoRun, id)
	}
	_, err := os.Stat(filepath.Join(s.RunDir(id), journalFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s. See all of them with: lockstep history", ErrNoRun, id)
	}
	return err
}

// Runs returns the ids of all runs, oldest first.
func (s *Store) Runs() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var ids []string
	for _, e := range entries {
		if s.known(e.Name()) == nil {
			ids = append(ids, e.Name())
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return runNumber(a) - runNumber(b) })
	return ids, nil
}

// ReadAll replays every run, oldest first. A run that is open without a
// living process is seen as interrupted.
func (s *Store) ReadAll() ([]Run, error) {
	ids, err := s.Runs()
	if err != nil {
		return nil, err
	}
	runs := make([]Run, 0, len(ids))
	for _, id := range ids {
		run, err := s.Replay(id)
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// Replay reads one run as others see it now. What it returns must not be
// changed: the next call may return the same.
func (s *Store) Replay(id string) (Run, error) {
	live := s.Live(id)
	if err := s.known(id); err != nil {
		return Run{}, err
	}
	info, err := os.Stat(filepath.Join(s.RunDir(id), journalFile))
	if err != nil {
		return Run{}, fmt.Errorf("read run %s: %w", id, err)
	}
	if run, ok := s.recall(id, info); ok {
		return run.Seen(live), nil
	}
	records, err := s.Read(id)
	if err != nil {
		return Run{}, err
	}
	run, err := Replay(records)
	if err != nil {
		return Run{}, fmt.Errorf("run %s: %w", id, err)
	}
	s.remember(id, info, run)
	return run.Seen(live), nil
}

func (s *Store) recall(id string, info fs.FileInfo) (Run, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.seen[id]
	return r.run, ok && r.size == info.Size() && r.changed.Equal(info.ModTime())
}

// remember keeps what is over; info is of before it was read.
func (s *Store) remember(id string, info fs.FileInfo, run Run) {
	if !run.State.Over() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = map[string]replayed{}
	}
	s.seen[id] = replayed{size: info.Size(), changed: info.ModTime(), run: run}
}

// RunDir returns the folder of a run.
func (s *Store) RunDir(id string) string { return filepath.Join(s.dir, id) }

// Live reports whether a living process writes to the run.
func (s *Store) Live(id string) bool {
	path := filepath.Join(s.RunDir(id), lockFile)
	if _, err := os.Stat(path); err != nil {
		return false
	}
	probe := flock.New(path)
	free, err := probe.TryRLock()
	if err == nil && free {
		_ = probe.Close()
	}
	return err == nil && !free
}

// lockTries outlasts the moment in which a reader's Live holds the lock.
const (
	lockTries = 10
	lockPause = 10 * time.Millisecond
)

func (s *Store) lock(id string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(s.RunDir(id), lockFile), flock.SetPermissions(0o600))
	for range lockTries {
		ok, err := lock.TryLock()
		if err != nil {
			return nil, fmt.Errorf("lock run %s: %w", id, err)
		}
		if ok {
			return lock, nil
		}
		time.Sleep(lockPause)
	}
	return nil, fmt.Errorf("%w: %s", ErrLive, id)
}
