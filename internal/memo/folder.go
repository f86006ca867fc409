package memo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Folder is Lockstep's part of the user's cache for memos of a purpose; empty
// where there is none, such as for a service without a home.
func Folder(purpose string) string {
	folder, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(folder, "lockstep", purpose)
}

// Program is the key of the running program: its size and its time tell two
// builds of one version apart. The error says why it cannot be told.
func Program(version string) (Key, error) {
	// On Linux this is the program that runs even when its file was replaced.
	info, err := os.Stat("/proc/self/exe")
	if err != nil {
		path, err := os.Executable()
		if err != nil {
			return Key{}, err
		}
		if info, err = os.Stat(path); err != nil {
			return Key{}, err
		}
	}
	build := fmt.Sprint(info.Size(), info.ModTime().UnixNano())
	return KeyOf([]byte(version), []byte(build)), nil
}

// readBounded does not read a file that is none of ours.
func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = errDamaged
	}
	return text, err
}

// replace writes a file as a whole or not at all. A machine that loses power
// may leave a part of it, which unpack refuses; waiting for the disk would take
// longer than what is remembered.
func replace(path string, text []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "*.new"+extension)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if _, err := file.Write(text); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// prune deletes the memos that were not used for the longest time until the
// rest has at most so many bytes. Another process may do the same: then both
// have their room.
func prune(folder string, most int64) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	var files []fs.FileInfo
	total := int64(0)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && strings.HasSuffix(entry.Name(), extension) {
			files, total = append(files, info), total+info.Size()
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files {
		if total <= most {
			return
		}
		if os.Remove(filepath.Join(folder, f.Name())) == nil {
			total -= f.Size()
		}
	}
}
