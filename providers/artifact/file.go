package artifact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/lockstep-dev/lockstep/plans"
)

// NewFile returns the provider of artifact "file" blocks. Settings: path
// (relative to Options.Root), digest (optional).
func NewFile(o Options) *Provider { return newProvider(fileSource{root: o.Root}, o) }

type fileSource struct{ root string }

func (fileSource) name() string { return "file" }

func (s fileSource) read(raw json.RawMessage) (wanted, error) {
	var block struct {
		Path   string       `json:"path"`
		Digest plans.Digest `json:"digest"`
	}
	if err := json.Unmarshal(raw, &block); err != nil {
		return wanted{}, errors.New("settings: expected path and digest as strings")
	}
	if block.Path == "" {
		return wanted{}, errors.New("path is empty; name the built file, relative to the project")
	}
	w := wanted{location: Within(s.root, block.Path), shown: filepath.ToSlash(block.Path), digest: block.Digest}
	return w, w.checkDigest()
}

func (w wanted) checkDigest() error {
	if w.digest != "" && !w.digest.Valid() {
		return fmt.Errorf("digest is %q, expected sha256: and 64 lower-case hex digits", string(w.digest))
	}
	return nil
}

func (s fileSource) open(_ context.Context, w wanted) (content, error) {
	// Non-blocking, since opening a FIFO waits for a writer.
	f, err := os.OpenFile(w.location, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return content{}, fmt.Errorf("%s does not exist; build it first, or correct path: %w", w.shown, fs.ErrNotExist)
		}
		return content{}, err
	}
	info, err := f.Stat()
	if err == nil {
		err = regular(w.shown, info.Mode())
	}
	if err != nil {
		return content{}, errors.Join(err, f.Close())
	}
	return content{ReadCloser: f, executable: info.Mode().Perm()&0o111 != 0}, nil
}

func regular(name string, mode fs.FileMode) error {
	switch {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return fmt.Errorf("%s is a folder, expected one file; pack it with tar -czf %s.tar.gz -C %s ./", name, filepath.Base(name), name)
	}
	return fmt.Errorf("%s is not a regular file (%s), expected a built file", name, mode.Type())
}
