package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/plans"
)

// DefaultStore is the store's folder below the project.
const DefaultStore = ".lockstep/artifacts"

// staleAfter is how old an unfinished download must be before another fetch
// removes it: nobody is still writing it.
const staleAfter = 24 * time.Hour

// Store keeps contents by digest: each in a file that is named by its hex
// digits. It is safe for concurrent use by many processes.
type Store struct{ dir string }

// NewStore returns the store in dir; the folder is made when it is needed.
func NewStore(dir string) Store { return Store{dir: dir} }

// Path returns where the content with the digest is, or would be.
func (s Store) Path(d plans.Digest) string { return filepath.Join(s.dir, d.Hex()) }

func (s Store) unfinished() string { return filepath.Join(s.dir, ".unfinished") }

// Holds reports whether the content is there, by reading all of it. A file
// that does not have the digest of its name is ErrAltered.
func (s Store) Holds(ctx context.Context, d plans.Digest) (bool, error) {
	f, err := os.Open(s.Path(d))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	got, _, err := hash(ctx, f, io.Discard)
	if err != nil {
		return false, fmt.Errorf("read %s: %w", s.Path(d), err)
	}
	if got != d {
		return false, fmt.Errorf("%w: %s has the digest %s", ErrAltered, s.Path(d), got)
	}
	return true, nil
}

// ErrAltered is wrapped when a stored file is not what its name says.
var ErrAltered = errors.New("stored artifact was altered")

// put stores what r holds if it has the digest, and nothing otherwise.
func (s Store) put(ctx context.Context, d plans.Digest, c content) error {
	if err := os.MkdirAll(s.unfinished(), 0o700); err != nil {
		return err
	}
	s.sweep()
	f, err := os.CreateTemp(s.unfinished(), d.Hex()+"-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails, as it should, once the file has been renamed
	defer f.Close()
	got, _, err := hash(ctx, c, f)
	if err != nil {
		return err
	}
	if got != d {
		return fmt.Errorf("found content %s, expected %s as planned; nothing was stored: plan again if the new content is wanted", got, d)
	}
	mode := fs.FileMode(0o444)
	if c.executable {
		mode = 0o555
	}
	if err := errors.Join(f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	failpoint.Here("artifact: before rename into the store")
	if err := os.Rename(f.Name(), s.Path(d)); err != nil {
		return err
	}
	failpoint.Here("artifact: after rename into the store")
	return syncDir(s.dir)
}

// sweep removes what killed processes left; failing to is no reason to stop.
func (s Store) sweep() {
	entries, err := os.ReadDir(s.unfinished())
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > staleAfter {
			_ = os.Remove(filepath.Join(s.unfinished(), e.Name()))
		}
	}
}

// remove takes the content out of the store and reports whether it was there.
func (s Store) remove(d plans.Digest) (bool, error) {
	failpoint.Here("artifact: before removal from the store")
	err := os.Remove(s.Path(d))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, syncDir(s.dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// hash copies r to w until the end or until ctx is done.
func hash(ctx context.Context, r io.Reader, w io.Writer) (plans.Digest, int64, error) {
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(sum, w), cancellable{ctx, r})
	if err != nil {
		return "", n, err
	}
	return plans.Digest("sha256:" + hex.EncodeToString(sum.Sum(nil))), n, nil
}

type cancellable struct {
	ctx context.Context
	r   io.Reader
}

func (c cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
