package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// SourceFile is a file of the project that was read.
type SourceFile struct {
	Path  string // slash-separated, relative to the project
	Bytes []byte
}

// maxReadBytes bounds what file() and its kin read.
const maxReadBytes = 8 << 20

var (
	errOutside  = errors.New("path leaves the project folder")
	errTooLarge = errors.New("file is too large")
)

// fileReader reads files below the project's root and remembers them: they
// must go into the bundle, so that a plan can be evaluated again without the
// working tree.
type fileReader struct {
	fsys fs.FS
	mu   sync.Mutex
	read map[string][]byte
}

func newFileReader(fsys fs.FS) *fileReader {
	return &fileReader{fsys: fsys, read: map[string][]byte{}}
}

// Sources returns, in order of path, the language files and every file that
// expressions have read so far.
func (p *Project) Sources() []SourceFile {
	var files []SourceFile
	p.files.mu.Lock()
	defer p.files.mu.Unlock()
	for _, name := range sortedKeys(p.files.read) {
		files = append(files, SourceFile{Path: name, Bytes: bytes.Clone(p.files.read[name])})
	}
	return files
}

// readLanguage reads one byte more than the limit of a language file, so that
// the limit is noticed and nothing large is kept.
func (r *fileReader) readLanguage(name string) ([]byte, error) {
	src, err := r.limited(name, maxFileBytes+1)
	if err == nil {
		r.remember(name, src)
	}
	return src, err
}

func (r *fileReader) limited(name string, limit int64) ([]byte, error) {
	resolved, err := r.resolve(name)
	if err != nil {
		return nil, err
	}
	info, err := fs.Stat(r.fsys, resolved) // before it is opened: a pipe would wait for its writer
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	f, err := r.fsys.Open(resolved)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// expressionFile reads a file for an expression and remembers it.
func (r *fileReader) expressionFile(name string) ([]byte, error) {
	clean, err := inProject(name)
	if err != nil {
		return nil, err
	}
	src, err := r.values(clean)
	if err == nil {
		r.remember(clean, src)
	}
	return src, err
}

func (r *fileReader) remember(name string, src []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.read[name] = src
}

// values reads a file that is not remembered: it may hold secrets.
func (r *fileReader) values(name string) ([]byte, error) {
	src, err := r.limited(name, maxReadBytes+1)
	if err == nil && len(src) > maxReadBytes {
		return nil, fmt.Errorf("%w (limit %d MiB)", errTooLarge, maxReadBytes>>20)
	}
	return src, err
}

// inProject returns the cleaned path, or an error when it is absolute or
// leads out of the project.
func inProject(name string) (string, error) {
	clean := path.Clean(strings.TrimPrefix(name, "./"))
	if name == "" || strings.ContainsAny(name, "\\\x00") || !fs.ValidPath(clean) {
		return "", errOutside
	}
	return clean, nil
}

// resolve follows symbolic links as long as they stay in the project: a file
// system such as os.DirFS would follow them anywhere.
func (r *fileReader) resolve(name string) (string, error) {
	for range maxLinks {
		link, target, err := r.firstLink(name)
		if err != nil || link == "" {
			return name, err
		}
		next := path.Join(path.Dir(link), target, strings.TrimPrefix(name, link))
		if path.IsAbs(target) || !fs.ValidPath(next) {
			return "", fmt.Errorf("%w by the symbolic link %s", errOutside, link)
		}
		name = next
	}
	return "", fmt.Errorf("%s: too many symbolic links", name)
}

const maxLinks = 40

// firstLink returns the first part of the path that is a symbolic link.
func (r *fileReader) firstLink(name string) (link, target string, err error) {
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '/' {
			continue
		}
		info, err := fs.Lstat(r.fsys, name[:i])
		if err != nil {
			return "", "", err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			target, err := fs.ReadLink(r.fsys, name[:i])
			return name[:i], target, err
		}
	}
	return "", "", nil
}
