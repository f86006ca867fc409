package server

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/google/renameio/v2"
)

// template is a fresh data folder in one file of the user's cache: unpacking it
// costs a small part of what initdb does.
type template struct{ path string }

// templateOf returns the template of exactly these programs. What makes the
// data folder of another server is another file.
func templateOf(cache string, b Binaries) (template, error) {
	// format changes with the arguments of initdb and with the file's layout.
	const format = "2"
	h := sha256.New()
	fmt.Fprintln(h, format, runtime.GOARCH, b.Folder, b.Version)
	for _, program := range []string{"postgres", "initdb"} {
		info, err := os.Stat(filepath.Join(b.Folder, program))
		if err != nil {
			return template{}, err
		}
		fmt.Fprintln(h, program, info.Size(), info.ModTime().UnixNano())
	}
	const short = 8
	return template{filepath.Join(cache, fmt.Sprintf("postgres-%d-%s.tar", b.Major, hex.EncodeToString(h.Sum(nil)[:short])))}, nil
}

// defaultCache is Lockstep's part of the user's cache; empty where there is
// none, such as for a service without a home.
func defaultCache() string {
	folder, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(folder, "lockstep", "scratch")
}

// unpack makes the data folder from the template. On any error there is neither
// a folder nor a template: it is then made anew.
func (t template) unpack(data string, a *account) error {
	err := t.tryUnpack(data, a)
	switch {
	case err == nil:
		now := time.Now()
		_ = os.Chtimes(t.path, now, now) // it only lives longer for that
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return err
	}
	return errors.Join(err, t.forget(), os.RemoveAll(data))
}

func (t template) tryUnpack(data string, a *account) error {
	file, err := os.Open(t.path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	if err := a.own(data); err != nil {
		return err
	}
	return unarchive(file, data, a)
}

// pack makes the template from a data folder that no server has used. A killed
// process leaves no half of a template, and of two the last one stays.
func (t template) pack(data string) error {
	folder := filepath.Dir(t.path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	dropOld(folder)
	file, err := renameio.NewPendingFile(t.path, renameio.WithPermissions(0o600), renameio.WithTempDir(folder))
	if err != nil {
		return err
	}
	defer file.Cleanup() //nolint:errcheck // does nothing after a replacement
	if err := archive(file, data); err != nil {
		return err
	}
	return file.CloseAtomicallyReplace()
}

// dropOld deletes templates of programs that are used no more, and what killed
// processes have left of one.
func dropOld(folder string) {
	const unused = 60 * 24 * time.Hour
	const unfinished = time.Hour
	for pattern, age := range map[string]time.Duration{"postgres-*.tar": unused, ".postgres-*.tar*": unfinished} {
		found, _ := filepath.Glob(filepath.Join(folder, pattern)) // the pattern is ours
		for _, path := range found {
			if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > age {
				_ = os.Remove(path) // the next one tries again
			}
		}
	}
}

func (t template) forget() error {
	err := os.Remove(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
