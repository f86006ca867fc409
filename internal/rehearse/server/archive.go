package server

import (
	"archive/tar"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// An archive is a tar file and the CRC-32C of it in the last eight bytes. It
// guards against accidents; the folder is the user's own.
const checksumSize = 8

var errDamaged = errors.New("the cached data folder is damaged")

func newChecksum() hash.Hash32 { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) }

func archive(w io.Writer, folder string) error {
	sum := newChecksum()
	files := tar.NewWriter(io.MultiWriter(w, sum))
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		return addFile(files, folder, path)
	})
	if err != nil {
		return err
	}
	if err := files.Close(); err != nil {
		return err
	}
	return binary.Write(w, binary.BigEndian, uint64(sum.Sum32()))
}

func addFile(files *tar.Writer, folder, path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	name, err := filepath.Rel(folder, path)
	if err != nil {
		return err
	}
	kind := byte(tar.TypeReg)
	switch {
	case info.IsDir():
		kind = tar.TypeDir
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is neither a file nor a folder", path)
	}
	header := tar.Header{Typeflag: kind, Name: name, Mode: int64(info.Mode().Perm())}
	if kind == tar.TypeDir {
		return files.WriteHeader(&header)
	}
	header.Size = info.Size()
	if err := files.WriteHeader(&header); err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(files, file)
	return err
}

// unarchive fills an empty folder. The content is checked while it is written:
// after an error the folder is of no use.
func unarchive(file *os.File, folder string, a *account) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	size := info.Size() - checksumSize
	if size <= 0 {
		return errDamaged
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	sum := newChecksum()
	content := io.TeeReader(io.NewSectionReader(file, 0, size), sum)
	if err := unpackAll(root, content, a); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	var want uint64
	if err := binary.Read(io.NewSectionReader(file, size, checksumSize), binary.BigEndian, &want); err != nil {
		return err
	}
	if want != uint64(sum.Sum32()) {
		return errDamaged
	}
	return nil
}

func unpackAll(root *os.Root, content io.Reader, a *account) error {
	files := tar.NewReader(content)
	buffer := make([]byte, 1<<20)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			_, err := io.Copy(io.Discard, content) // the rest counts for the checksum
			return err
		}
		if err != nil {
			return err
		}
		if err := unpackOne(root, header, files, buffer); err != nil {
			return err
		}
		if a == nil {
			continue
		}
		if err := root.Lchown(header.Name, int(a.uid), int(a.gid)); err != nil {
			return err
		}
	}
}

func unpackOne(root *os.Root, header *tar.Header, content io.Reader, buffer []byte) error {
	mode := fs.FileMode(header.Mode).Perm() //nolint:gosec // Perm keeps nine bits
	if header.Typeflag == tar.TypeDir {
		return root.Mkdir(header.Name, mode)
	}
	file, err := root.OpenFile(header.Name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{file}, content, buffer)
	return errors.Join(err, file.Close())
}
