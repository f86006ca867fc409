// Package confined reads a folder that strangers have filled. No link leads
// out of it, nothing hidden is read (a checkout keeps its credentials in
// .git), and what is read at all is bounded: large files, many files, pipes
// and devices are refused before they are opened.
package confined

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// Limits bound what is read.
type Limits struct {
	FileBytes int64 // of one file
	Bytes     int64 // of all files
	Files     int   // how many are read
	Entries   int   // of one folder, and of the whole tree in Walk
	Depth     int   // of folders in Walk
}

// DefaultLimits are larger than any project whose changes people review.
func DefaultLimits() Limits {
	return Limits{FileBytes: 4 << 20, Bytes: 64 << 20, Files: 20_000, Entries: 100_000, Depth: 64}
}

// ErrRefused is wrapped by the error of whatever is not read.
var ErrRefused = errors.New("not read")

// maxLinks bounds links that lead to links.
const maxLinks = 40

// Folder is a file system of what may be read. Its methods may be used by
// several goroutines at once.
type Folder struct {
	root   *os.Root
	limits Limits

	mu    sync.Mutex
	files map[string]int64 // read so far: size by path
	bytes int64
}

// Open opens a folder.
func Open(dir string, limits Limits) (*Folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("project folder: %w", err)
	}
	return &Folder{root: root, limits: limits, files: map[string]int64{}}, nil
}

// Close gives the folder back.
func (f *Folder) Close() error { return f.root.Close() }

// Read tells how many files were read, and their bytes.
func (f *Folder) Read() (files int, bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.files), f.bytes
}

// Open implements fs.FS.
func (f *Folder) Open(name string) (fs.File, error) {
	real, info, err := f.locate(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if !info.IsDir() {
		if err := f.charge(real, info.Size()); err != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: err}
		}
	}
	// Not blocking: between the look at it and here it may have become a pipe.
	opened, err := f.root.OpenFile(filepath.FromSlash(real), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if now, err := opened.Stat(); err != nil || now.Mode().Type() != info.Mode().Type() {
		return nil, errors.Join(&fs.PathError{Op: "open", Path: name, Err: refused("it changes while it is read")}, opened.Close())
	}
	return file{opened, info.Size()}, nil
}

// file reads no further than the size that was charged.
type file struct {
	*os.File
	size int64
}

// Read implements fs.File.
func (f file) Read(b []byte) (int, error) {
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil || at >= f.size {
		return 0, io.EOF
	}
	return f.File.Read(b[:min(int64(len(b)), f.size-at)])
}

// charge counts a file once, and refuses what goes over a limit.
func (f *Folder) charge(name string, size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, seen := f.files[name]; seen {
		return nil
	}
	switch {
	case size > f.limits.FileBytes:
		return refused("it has %d bytes, and %d are the limit", size, f.limits.FileBytes)
	case f.bytes+size > f.limits.Bytes:
		return refused("with it more than %d bytes would be read", f.limits.Bytes)
	case len(f.files) >= f.limits.Files:
		return refused("%d files are read already, and that is the limit", len(f.files))
	}
	f.files[name] = size
	f.bytes += size
	return nil
}

// ReadFile implements fs.ReadFileFS.
func (f *Folder) ReadFile(name string) ([]byte, error) {
	opened, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	return io.ReadAll(opened)
}

// Stat implements fs.StatFS.
func (f *Folder) Stat(name string) (fs.FileInfo, error) {
	_, info, err := f.locate(name)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return info, nil
}

// Lstat implements fs.ReadLinkFS.
func (f *Folder) Lstat(name string) (fs.FileInfo, error) {
	if err := visible(name); err != nil {
		return nil, &fs.PathError{Op: "lstat", Path: name, Err: err}
	}
	return f.root.Lstat(filepath.FromSlash(name))
}

// ReadLink implements fs.ReadLinkFS.
func (f *Folder) ReadLink(name string) (string, error) {
	if err := visible(name); err != nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: err}
	}
	return f.root.Readlink(filepath.FromSlash(name))
}

// ReadDir implements fs.ReadDirFS. What is hidden is left out.
func (f *Folder) ReadDir(name string) ([]fs.DirEntry, error) {
	real, info, err := f.locate(name)
	if err == nil && !info.IsDir() {
		err = refused("it is no folder")
	}
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	entries, err := f.list(real, f.limits.Entries)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return hidden(e.Name()) }), nil
}

// list returns the entries of a folder in order of name.
func (f *Folder) list(name string, limit int) ([]fs.DirEntry, error) {
	dir, err := f.root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	entries, err := dir.ReadDir(limit + 1)
	switch {
	case len(entries) > limit:
		return nil, refused("it holds more than %d entries", limit)
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// locate follows links inside of the folder to what may be read.
func (f *Folder) locate(name string) (string, fs.FileInfo, error) {
	for range maxLinks {
		if err := visible(name); err != nil {
			return "", nil, err
		}
		next, info, err := f.follow(name)
		if err != nil {
			return "", nil, err
		}
		if info == nil {
			name = next
			continue
		}
		if !info.IsDir() && !info.Mode().IsRegular() {
			return "", nil, refused("it is no regular file")
		}
		return name, info, nil
	}
	return "", nil, refused("links lead to more than %d others", maxLinks)
}

// follow replaces the first link of a path by where it leads, and then has no
// information; a path without one comes back as it is.
func (f *Folder) follow(name string) (string, fs.FileInfo, error) {
	var info fs.FileInfo
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '/' {
			continue
		}
		var err error
		if info, err = f.root.Lstat(filepath.FromSlash(name[:i])); err != nil {
			return "", nil, reason(err)
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		target, err := f.root.Readlink(filepath.FromSlash(name[:i]))
		if err != nil {
			return "", nil, reason(err)
		}
		next := path.Join(path.Dir(name[:i]), filepath.ToSlash(target), name[i:])
		if path.IsAbs(filepath.ToSlash(target)) || !fs.ValidPath(next) {
			return "", nil, refused("a link leads out of the project")
		}
		return next, nil, nil
	}
	return name, info, nil
}

func reason(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	return err
}

// visible refuses paths that are none, and those with a hidden part.
func visible(name string) error {
	if !fs.ValidPath(name) {
		return fs.ErrInvalid
	}
	if slices.ContainsFunc(strings.Split(name, "/"), hidden) {
		return refused("hidden files and folders may hold what is not for everybody")
	}
	return nil
}

// hidden reports whether a name is not read. Terraform's lock file holds
// names and checksums alone.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") && name != "." && name != ".terraform.lock.hcl"
}

func refused(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrRefused}, args...)...)
}
