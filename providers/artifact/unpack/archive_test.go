package unpack_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/providers/artifact/unpack"
)

type item struct {
	name, link string
	kind       byte // of tar; zip knows files, folders and links
	mode       int64
	body       []byte
}

func text(name string) item {
	return item{name: name, kind: tar.TypeReg, mode: 0o644, body: []byte("x")}
}
func folder(name string) item { return item{name: name, kind: tar.TypeDir, mode: 0o755} }
func link(name, target string) item {
	return item{name: name, kind: tar.TypeSymlink, mode: 0o777, link: target}
}

func hard(name, target string) item {
	return item{name: name, kind: tar.TypeLink, mode: 0o644, link: target}
}

func tarOf(t *testing.T, items ...item) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, i := range items {
		h := &tar.Header{Name: i.name, Typeflag: i.kind, Mode: i.mode, Linkname: i.link, Size: int64(len(i.body)), Format: tar.FormatPAX}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(i.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func zipOf(t *testing.T, items ...item) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, i := range items {
		h := &zip.FileHeader{Name: i.name, Method: zip.Deflate}
		mode := fs.FileMode(i.mode).Perm()
		body := i.body
		switch i.kind {
		case tar.TypeDir:
			mode |= fs.ModeDir
		case tar.TypeSymlink:
			mode, body = mode|fs.ModeSymlink, []byte(i.link)
		case tar.TypeFifo:
			mode |= fs.ModeNamedPipe
		}
		if i.mode&0o4000 != 0 {
			mode |= fs.ModeSetuid
		}
		h.SetMode(mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// field is a folder with a neighbourhood that no archive may touch.
type field struct{ base, into string }

func newField(t *testing.T) field {
	t.Helper()
	base := t.TempDir()
	f := field{base: base, into: filepath.Join(base, "a", "into")}
	if err := errors.Join(
		os.MkdirAll(f.into, 0o755),
		os.WriteFile(filepath.Join(base, "victim"), []byte("untouched"), 0o600),
		os.WriteFile(filepath.Join(base, "a", "victim"), []byte("untouched"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	return f
}

// outside describes everything beside the folder.
func (f field) outside(t *testing.T) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(f.base, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path == f.into {
			return fs.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%s %s", path, info.Mode())
		if info.Mode().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %x", sha256.Sum256(b))
		}
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func (f field) unpack(ctx context.Context, t *testing.T, format unpack.Format, b []byte) ([]unpack.Entry, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "archive")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	root, err := os.OpenRoot(f.into)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	limits := unpack.Limits{Bytes: 8 << 20, Entries: 100, Ratio: 200, Free: 1 << 20}
	return unpack.Run(ctx, unpack.Archive{File: file, Format: format, Limits: limits, Into: root})
}

func TestHostileArchives(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("d/", 2500)
	for _, tc := range []struct {
		name  string
		items []item
		want  string
		tar   bool // tar alone can say it
	}{
		{name: "parent", items: []item{text("../victim")}, want: `".."`},
		{name: "parent in the middle", items: []item{text("a/../../victim")}, want: `".."`},
		{name: "parent that stays inside", items: []item{text("a/../b")}, want: `".."`},
		{name: "absolute", items: []item{text("/tmp/victim")}, want: "absolute"},
		{name: "backslash", items: []item{text(`..\victim`)}, want: "backslash"},
		{name: "drive", items: []item{text(`C:\victim`)}, want: "backslash"},
		{name: "control character", items: []item{text("a\x1b[2Jb")}, want: "control character"},
		{name: "line end", items: []item{text("a\nb")}, want: "control character"},
		{name: "too long", items: []item{text(long + "x")}, want: "at most 4096"},
		{name: "long part", items: []item{text(strings.Repeat("x", 256))}, want: "at most 255"},
		{name: "windows device", items: []item{text("a/NUL")}, want: "device on Windows"},
		{name: "windows device in small letters", items: []item{text("com1")}, want: "device on Windows"},
		{name: "twice", items: []item{text("a"), text("a")}, want: "twice"},
		{name: "twice by another spelling", items: []item{text("a/b"), text("a/./b")}, want: "twice"},
		{name: "case", items: []item{text("Readme"), text("README")}, want: "case or accents"},
		{name: "sharp s", items: []item{text("strasse"), text("straße")}, want: "case or accents"},
		{name: "accents", items: []item{text("caf\u00e9"), text("cafe\u0301")}, want: "case or accents"},
		{name: "folder and file", items: []item{folder("a"), text("A")}, want: "case or accents"},
		{name: "file as a folder", items: []item{text("a"), text("a/b")}, want: "not a folder"},
		{name: "absolute link", items: []item{link("l", "/etc/passwd")}, want: "relative target"},
		{name: "link out", items: []item{link("l", "../victim")}, want: "inside of the archive"},
		{name: "link out from a folder", items: []item{link("d/l", "../../victim")}, want: "inside of the archive"},
		{name: "link with a control character", items: []item{link("l", "a\x07")}, want: "plain path"},
		{name: "link to nothing", items: []item{link("l", "")}, want: "link to nothing"},
		{name: "write through a link", items: []item{folder("d"), link("l", "d"), text("l/x")}, want: "not a folder"},
		{name: "write over a link", items: []item{text("d"), link("l", "d"), text("l")}, want: "twice"},
		{name: "chain of links", items: []item{link("d/b", ".."), link("d/l", "b/../../victim")}, want: "at the front alone"},
		{name: "link to its own parent and out", items: []item{link("d/b", ".."), text("d/b/../../victim")}, want: `".."`},
		{name: "setuid", items: []item{{name: "su", kind: tar.TypeReg, mode: 0o4755}}, want: "setuid"},
		{name: "setgid", items: []item{{name: "sg", kind: tar.TypeReg, mode: 0o2755}}, want: "setuid", tar: true},
		{name: "fifo", items: []item{{name: "p", kind: tar.TypeFifo, mode: 0o644}}, want: "expected a file"},
		{name: "device", items: []item{{name: "d", kind: tar.TypeBlock, mode: 0o644}}, want: "expected a file", tar: true},
		{name: "character device", items: []item{{name: "d", kind: tar.TypeChar, mode: 0o644}}, want: "expected a file", tar: true},
		{name: "hard link out", items: []item{hard("h", "../victim")}, want: "is a link to an entry", tar: true},
		{name: "absolute hard link", items: []item{hard("h", "/etc/passwd")}, want: "is a link to an entry", tar: true},
		{name: "hard link to nothing", items: []item{hard("h", "nothing")}, want: "no earlier file", tar: true},
		{name: "hard link to a link", items: []item{link("l", "x"), hard("h", "l")}, want: "no earlier file", tar: true},
		{name: "too many", items: many(101), want: "more than 100 entries"},
		{name: "too many folders", items: []item{text(strings.Repeat("d/", 101) + "x")}, want: "more than 100 entries"},
		{name: "empty", want: "empty"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			refuses(t, unpack.Tar, tarOf(t, tc.items...), tc.want)
			refuses(t, unpack.TarGz, gzipped(t, tarOf(t, tc.items...)), tc.want)
			if !tc.tar {
				refuses(t, unpack.Zip, zipOf(t, tc.items...), tc.want)
			}
		})
	}
}

func refuses(t *testing.T, format unpack.Format, b []byte, want string) {
	t.Helper()
	f := newField(t)
	before := f.outside(t)
	_, err := f.unpack(t.Context(), t, format, b)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got %v, expected an error with %q", format, err, want)
	}
	if err != nil && strings.ContainsAny(err.Error(), "\x1b\n\x00") {
		t.Errorf("%s: the error holds control characters: %q", format, err)
	}
	if after := f.outside(t); after != before {
		t.Errorf("%s: the neighbourhood was\n%s\nand is\n%s", format, before, after)
	}
}

func many(n int) []item {
	var items []item
	for i := range n {
		items = append(items, text(fmt.Sprint("f", i)))
	}
	return items
}

func TestBombs(t *testing.T) {
	t.Parallel()
	zeros := func(n int) item { return item{name: "zeros", kind: tar.TypeReg, mode: 0o644, body: make([]byte, n)} }
	refuses(t, unpack.TarGz, gzipped(t, tarOf(t, zeros(4<<20))), "more than 200 times")
	refuses(t, unpack.Zip, zipOf(t, zeros(4<<20)), "more than 200 times")
	refuses(t, unpack.Tar, tarOf(t, zeros(9<<20)), "more than 8388608 bytes")
	copies := []item{zeros(1 << 20)}
	for i := range 9 {
		copies = append(copies, hard(fmt.Sprint("h", i), "zeros"))
	}
	refuses(t, unpack.Tar, tarOf(t, copies...), "more than 8388608 bytes")
}

func TestBrokenArchives(t *testing.T) {
	t.Parallel()
	whole := tarOf(t, text("a"), item{name: "b", kind: tar.TypeReg, mode: 0o644, body: make([]byte, 4096)})
	packed := zipOf(t, item{name: "b", kind: tar.TypeReg, mode: 0o644, body: []byte(strings.Repeat("content ", 100))})
	flipped := bytes.Clone(packed)
	flipped[45] ^= 0xff
	for _, tc := range []struct {
		name   string
		format unpack.Format
		bytes  []byte
	}{
		{"cut tar", unpack.Tar, whole[:2048]},
		{"cut gzip", unpack.TarGz, gzipped(t, whole)[:60]},
		{"no gzip", unpack.TarGz, whole},
		{"cut zip", unpack.Zip, packed[:len(packed)-10]},
		{"flipped zip", unpack.Zip, flipped},
		{"no archive", unpack.None, []byte("hello")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			refuses(t, tc.format, tc.bytes, "")
		})
	}
}

func TestGoodArchives(t *testing.T) {
	t.Parallel()
	items := []item{
		folder("./"), folder("bin/"),
		{name: "bin/api", kind: tar.TypeReg, mode: 0o700, body: []byte("program")},
		{name: "etc/deep/conf", kind: tar.TypeReg, mode: 0o600, body: []byte("conf")},
		folder("etc/deep"), link("etc/api", "../bin/api"), link("latest", "etc/deep"),
	}
	for format, b := range map[unpack.Format][]byte{
		unpack.Tar:   tarOf(t, append(items, hard("bin/copy", "bin/api"))...),
		unpack.TarGz: gzipped(t, tarOf(t, append(items, hard("bin/copy", "bin/api"))...)),
		unpack.Zip:   zipOf(t, append(items, item{name: "bin/copy", kind: tar.TypeReg, mode: 0o755, body: []byte("program")})...),
	} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			f := newField(t)
			entries, err := f.unpack(t.Context(), t, format, b)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range entries {
				got = append(got, fmt.Sprintf("%s %s %d %s", e.Mode, e.Path, e.Size, e.Link))
			}
			want := []string{
				"drwxr-xr-x bin 0 ", "-rwxr-xr-x bin/api 7 ",
				"drwxr-xr-x etc 0 ", "drwxr-xr-x etc/deep 0 ", "-rw-r--r-- etc/deep/conf 4 ",
				"L--------- etc/api 0 ../bin/api", "L--------- latest 0 etc/deep", "-rwxr-xr-x bin/copy 7 ",
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("got\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			for _, name := range []string{"etc/api", "bin/copy"} {
				if b, err := os.ReadFile(filepath.Join(f.into, name)); err != nil || string(b) != "program" {
					t.Errorf("%s holds %q, %v", name, b, err)
				}
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := newField(t)
	if _, err := f.unpack(ctx, t, unpack.Tar, tarOf(t, text("a"))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, expected context.Canceled", err)
	}
}

func TestFormatOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]unpack.Format{
		"a.tar": unpack.Tar, "a.TGZ": unpack.TarGz, "a-1.2.tar.gz": unpack.TarGz, "a.zip": unpack.Zip,
		"a": unpack.None, "a.jar": unpack.None, "a.gz": unpack.None,
	} {
		if got, err := unpack.FormatOf(name); err != nil || got != want {
			t.Errorf("FormatOf(%q) = %q, %v, expected %q", name, got, err, want)
		}
	}
	if _, err := unpack.FormatOf("a.tar.xz"); err == nil {
		t.Error("a.tar.xz is taken for a plain file")
	}
}

func FuzzTar(f *testing.F) {
	f.Add([]byte("seed"))
	f.Fuzz(func(t *testing.T, b []byte) {
		field := newField(t)
		before := field.outside(t)
		_, _ = field.unpack(t.Context(), t, unpack.Tar, b)
		if after := field.outside(t); after != before {
			t.Fatalf("the neighbourhood changed:\n%s\n%s", before, after)
		}
	})
}

func FuzzZip(f *testing.F) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	if e, err := w.Create("a/b"); err == nil {
		_, _ = io.WriteString(e, "x")
	}
	_ = w.Close()
	f.Add(buf.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		field := newField(t)
		before := field.outside(t)
		_, _ = field.unpack(t.Context(), t, unpack.Zip, b)
		if after := field.outside(t); after != before {
			t.Fatalf("the neighbourhood changed:\n%s\n%s", before, after)
		}
	})
}
