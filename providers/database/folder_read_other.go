//go:build !unix

package database

import (
	"io/fs"
	"os"
)

// Disk is a folder on disk.
type Disk string

// Open implements fs.FS.
func (d Disk) Open(name string) (fs.File, error) { return os.DirFS(string(d)).Open(name) }

// readSmall reads a file of at most limit bytes. Of a larger one it returns
// the size alone.
func (d Disk) readSmall(name string, limit int64) (content []byte, size int64, err error) {
	fsys := os.DirFS(string(d))
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, 0, err
	}
	if info.Size() > limit {
		return nil, info.Size(), nil
	}
	content, err = fs.ReadFile(fsys, name)
	return content, int64(len(content)), err
}
