package unpack

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// Format is a kind of archive.
type Format string

// Formats.
const (
	None  Format = "" // not an archive: a file to be placed as it is
	Tar   Format = "tar"
	TarGz Format = "tar.gz"
	Zip   Format = "zip"
)

// FormatOf tells an archive by its file's name. Formats that are not
// supported are an error, so that nobody finds one placed as it is.
func FormatOf(name string) (Format, error) {
	lower := strings.ToLower(name)
	for _, known := range []struct {
		suffix string
		format Format
	}{{".tar", Tar}, {".tar.gz", TarGz}, {".tgz", TarGz}, {".zip", Zip}} {
		if strings.HasSuffix(lower, known.suffix) {
			return known.format, nil
		}
	}
	for _, suffix := range []string{".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tar.lz4", ".7z", ".rar"} {
		if strings.HasSuffix(lower, suffix) {
			return None, fmt.Errorf("%s is an archive of a format that is not supported, expected .tar, .tar.gz or .zip", name)
		}
	}
	return None, nil
}

// Archive is an archive and where it goes.
type Archive struct {
	File   *os.File
	Format Format
	Limits Limits
	// Into is the folder that gets the contents; it must be empty.
	Into *os.Root
}

// Entry is one thing that was unpacked.
type Entry struct {
	Path   string      `json:"path"` // slash-separated, below the folder
	Mode   fs.FileMode `json:"mode"` // type and permission bits
	Size   int64       `json:"size,omitempty"`
	SHA256 string      `json:"sha256,omitempty"` // of a file, hex
	Link   string      `json:"link,omitempty"`   // of a symbolic link
}

// Run unpacks the archive and returns what it held, in the archive's order
// with folders before what they hold. After an error the folder holds a part;
// the caller removes it.
func Run(ctx context.Context, a Archive) ([]Entry, error) {
	info, err := a.File.Stat()
	if err != nil {
		return nil, err
	}
	w := newWriter(ctx, a.Into, a.Limits.meter(info.Size()))
	switch a.Format {
	case Tar:
		err = w.tar(bufio.NewReader(a.File))
	case TarGz:
		var plain *gzip.Reader
		if plain, err = gzip.NewReader(bufio.NewReader(a.File)); err == nil {
			err = w.tar(plain)
		}
	case Zip:
		err = w.zip(a.File, info.Size())
	default:
		err = fmt.Errorf("format %q is no archive", a.Format)
	}
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	if len(w.entries) == 0 {
		return nil, errors.New("unpack: the archive is empty")
	}
	return w.entries, nil
}

func (w *writer) tar(r io.Reader) error {
	in := tar.NewReader(r)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue // git archive's comment
		}
		if err := w.tarEntry(h, in); err != nil {
			return fmt.Errorf("entry %s: %w", shown(h.Name), err)
		}
	}
}

func (w *writer) tarEntry(h *tar.Header, content io.Reader) error {
	name, err := w.accept(h.Name)
	if err != nil || name == "." {
		return err
	}
	if h.Mode&0o7000 != 0 && h.Typeflag != tar.TypeDir {
		return errors.New("has the setuid, setgid or sticky bit, expected plain permissions")
	}
	switch h.Typeflag {
	case tar.TypeReg:
		return w.file(name, h.FileInfo().Mode(), content)
	case tar.TypeDir:
		return w.folder(name)
	case tar.TypeSymlink:
		return w.link(name, h.Linkname)
	case tar.TypeLink:
		return w.copyOf(name, h.Linkname)
	}
	return fmt.Errorf("is of type %q, expected a file, a folder or a link", h.Typeflag)
}

func (w *writer) zip(f io.ReaderAt, size int64) error {
	in, err := zip.NewReader(f, size)
	if err != nil {
		return err
	}
	for _, e := range in.File {
		if err := w.zipEntry(e); err != nil {
			return fmt.Errorf("entry %s: %w", shown(e.Name), err)
		}
	}
	return nil
}

func (w *writer) zipEntry(e *zip.File) error {
	name, err := w.accept(e.Name)
	if err != nil || name == "." {
		return err
	}
	mode := e.Mode()
	if mode&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky) != 0 {
		return errors.New("has the setuid, setgid or sticky bit, expected plain permissions")
	}
	if mode.IsDir() {
		return w.folder(name)
	}
	content, err := e.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	switch {
	case mode.IsRegular():
		return w.file(name, mode, content)
	case mode.Type() == fs.ModeSymlink:
		target, err := io.ReadAll(io.LimitReader(content, maxName+1))
		if err != nil {
			return err
		}
		return w.link(name, string(target))
	}
	return fmt.Errorf("is of type %s, expected a file, a folder or a link", mode.Type())
}
