package unpack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// writer makes entries below a root and remembers each, so that no entry is
// written twice or through another one.
type writer struct {
	ctx     context.Context //nolint:containedctx // lives as long as one Run
	root    *os.Root
	meter   *meter
	entries []Entry
	kinds   map[string]fs.FileMode // by path
	names   map[string]string      // path by folded path
	said    map[string]bool        // folders that the archive has named itself
	buffer  []byte
}

func newWriter(ctx context.Context, root *os.Root, m *meter) *writer {
	return &writer{
		ctx: ctx, root: root, meter: m,
		kinds: map[string]fs.FileMode{}, names: map[string]string{}, said: map[string]bool{},
		buffer: make([]byte, 128<<10),
	}
}

// accept counts an entry and returns its clean name.
func (w *writer) accept(name string) (string, error) {
	if err := w.ctx.Err(); err != nil {
		return "", err
	}
	if err := w.meter.entry(); err != nil {
		return "", err
	}
	return clean(name)
}

// claim makes sure that name is new and lies in a real folder.
func (w *writer) claim(name string) error {
	if earlier, ok := w.names[folded(name)]; ok {
		if earlier == name {
			return errors.New("is in the archive twice")
		}
		return fmt.Errorf("has the same name as %s where case or accents do not count", shown(earlier))
	}
	if parent := path.Dir(name); parent != "." {
		kind, ok := w.kinds[parent]
		if ok && !kind.IsDir() {
			return fmt.Errorf("lies in %s, which is not a folder", shown(parent))
		}
		if !ok {
			if err := w.meter.entry(); err != nil {
				return err
			}
			return w.makeFolder(parent)
		}
	}
	return nil
}

func (w *writer) keep(e Entry) {
	w.entries = append(w.entries, e)
	w.kinds[e.Path], w.names[folded(e.Path)] = e.Mode, e.Path
}

func (w *writer) folder(name string) error {
	if w.kinds[name].IsDir() && !w.said[name] {
		w.said[name] = true // it was made for what lies in it
		return nil
	}
	w.said[name] = true
	return w.makeFolder(name)
}

func (w *writer) makeFolder(name string) error {
	if err := w.claim(name); err != nil {
		return err
	}
	if err := w.root.Mkdir(name, 0o755); err != nil {
		return err
	}
	w.keep(Entry{Path: name, Mode: fs.ModeDir | 0o755})
	return nil
}

func (w *writer) file(name string, mode fs.FileMode, content io.Reader) error {
	if err := w.claim(name); err != nil {
		return err
	}
	perm := fs.FileMode(0o644)
	if mode.Perm()&0o111 != 0 {
		perm = 0o755
	}
	e, err := w.write(Entry{Path: name, Mode: perm}, content)
	if err != nil {
		return err
	}
	w.keep(e)
	return nil
}

func (w *writer) write(e Entry, content io.Reader) (Entry, error) {
	f, err := w.root.OpenFile(e.Path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, e.Mode)
	if err != nil {
		return e, err
	}
	defer f.Close()
	sum := sha256.New()
	e.Size, err = io.CopyBuffer(counted{f, w}, io.TeeReader(struct{ io.Reader }{content}, sum), w.buffer)
	if err != nil {
		return e, err
	}
	e.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return e, errors.Join(f.Chmod(e.Mode), f.Close()) // the umask does not decide
}

// counted counts what is written, and notices that nobody waits any more.
type counted struct {
	f *os.File
	w *writer
}

func (c counted) Write(b []byte) (int, error) {
	if err := c.w.ctx.Err(); err != nil {
		return 0, err
	}
	if err := c.w.meter.grow(len(b)); err != nil {
		return 0, err
	}
	return c.f.Write(b)
}

func (w *writer) link(name, target string) error {
	if err := checkTarget(name, target); err != nil {
		return err
	}
	if err := w.claim(name); err != nil {
		return err
	}
	if err := w.root.Symlink(target, name); err != nil {
		return err
	}
	w.keep(Entry{Path: name, Mode: fs.ModeSymlink, Link: target})
	return nil
}

// copyOf makes a hard link's own copy: two names for one file would let a
// change of one alter the other.
func (w *writer) copyOf(name, target string) error {
	target, err := clean(target)
	if err != nil {
		return fmt.Errorf("is a link to an entry that %w", err)
	}
	mode, ok := w.kinds[target]
	if !ok || !mode.IsRegular() {
		return fmt.Errorf("is a hard link to %s, which is no earlier file of the archive", shown(target))
	}
	f, err := w.root.Open(target)
	if err != nil {
		return err
	}
	defer f.Close()
	return w.file(name, mode, f)
}
