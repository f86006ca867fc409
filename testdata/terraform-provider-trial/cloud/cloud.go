// Package cloud is the trial provider's cloud: a folder with a file for each
// object, a folder for what was deleted, a log of all calls, and faults that a
// test puts there or takes away at any moment.
//
// An object comes, changes and goes by one rename each, so that a process
// which is killed at any moment leaves whole objects only. What was ever made
// is what lies in "objects" and in "deleted"; that does not depend on the log.
package cloud

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrGone means that there is no such object (any more).
var ErrGone = errors.New("no such object")

// Object is one file of the folder "objects".
type Object struct {
	ID         string          `json:"id"`
	Kind       string          `json:"kind"`
	Name       string          `json:"name"`
	Revision   int64           `json:"revision"` // 1, and one more with each update
	Made       time.Time       `json:"made"`
	Attributes json.RawMessage `json:"attributes"`
}

// Cloud is a folder.
type Cloud struct {
	folder string
	active *atomic.Int64
}

// Open makes the folder if there is none. active counts the calls that are
// under way in this process.
func Open(folder string, active *atomic.Int64) (*Cloud, error) {
	if !filepath.IsAbs(folder) {
		return nil, fmt.Errorf("the cloud is the folder %q; expected an absolute path", folder)
	}
	for _, part := range []string{objects, deleted, faults, scratch} {
		if err := os.MkdirAll(filepath.Join(folder, part), 0o755); err != nil {
			return nil, err
		}
	}
	return &Cloud{folder: folder, active: active}, nil
}

// The parts of the folder.
const (
	objects = "objects"
	deleted = "deleted"
	faults  = "faults"
	scratch = "tmp"
	logFile = "log.jsonl"
	lock    = "lock"
)

func (c *Cloud) path(parts ...string) string {
	return filepath.Join(append([]string{c.folder}, parts...)...)
}

func (c *Cloud) objectFile(id string) (string, error) {
	if id == "" || !filepath.IsLocal(id) || strings.ContainsRune(id, filepath.Separator) {
		return "", fmt.Errorf("%q is no id of an object", id)
	}
	return c.path(objects, id+".json"), nil
}

// newID returns a name that was never used.
func newID(kind string) (string, error) {
	b := make([]byte, 6)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	return strings.ReplaceAll(kind, "_", "-") + "-" + hex.EncodeToString(b), nil
}

func (c *Cloud) load(id string) (Object, error) {
	file, err := c.objectFile(id)
	if err != nil {
		return Object{}, err
	}
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return Object{}, fmt.Errorf("%w: %s", ErrGone, id)
	}
	if err != nil {
		return Object{}, err
	}
	var o Object
	if err := json.Unmarshal(b, &o); err != nil {
		return Object{}, fmt.Errorf("%s is no object: %w", file, err)
	}
	return o, nil
}

func (c *Cloud) store(o Object) error {
	file, err := c.objectFile(o.ID)
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(c.path(scratch), o.ID+"-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(append(b, '\n'))
	if err := errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), file)
}

// named returns the objects of a kind with a name.
func (c *Cloud) named(kind, name string) ([]Object, error) {
	entries, err := os.ReadDir(c.path(objects))
	if err != nil {
		return nil, err
	}
	var found []Object
	for _, entry := range entries {
		id, isObject := strings.CutSuffix(entry.Name(), ".json")
		if !isObject {
			continue
		}
		o, err := c.load(id)
		if errors.Is(err, ErrGone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if o.Kind == kind && o.Name == name {
			found = append(found, o)
		}
	}
	return found, nil
}

// exclusively runs do while no other process changes the cloud. The kernel
// gives the lock back when a process is killed.
func (c *Cloud) exclusively(do func() error) error {
	f, err := os.OpenFile(c.path(lock), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	return do()
}
