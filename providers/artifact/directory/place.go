package directory

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/artifact/unpack"
)

// place makes sure that the wanted release is there and as it should be. A
// release that verifies is enough: the artifact itself may be gone.
func (j *job) place(ctx context.Context) error {
	if err := os.RemoveAll(j.folder.partial(j.want)); err != nil {
		return err
	}
	err := j.folder.verify(ctx, j.want)
	if err == nil {
		return nil
	}
	if !errors.Is(err, errNotAsPlaced) {
		return err
	}
	file, err := j.open(ctx)
	if err != nil {
		return err
	}
	defer file.Close()
	j.say("placing " + j.want.Short())
	if err := j.build(ctx, file); err != nil {
		return errors.Join(err, os.RemoveAll(j.folder.partial(j.want)))
	}
	return nil
}

func (j *job) say(message string) {
	if j.req.Progress != nil {
		j.req.Progress(message)
	}
}

// open returns the artifact's file after its bytes have been compared with
// the digest.
func (j *job) open(ctx context.Context) (*os.File, error) {
	var seen []string
	for _, place := range j.s.bytesAt(j.options) {
		file, err := os.Open(place)
		if err != nil {
			seen = append(seen, place+" does not open")
			continue
		}
		if err := hasDigest(ctx, file, j.want); err != nil {
			file.Close()
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			seen = append(seen, place+" "+err.Error())
			continue
		}
		return file, nil
	}
	return nil, fmt.Errorf("the bytes of %s are not here (%s); fetch the artifact again", j.want.Short(), strings.Join(seen, ", "))
}

func hasDigest(ctx context.Context, file *os.File, want plans.Digest) error {
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return errors.New("is not a regular file")
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, reader{ctx, file}); err != nil {
		return errors.New("cannot be read")
	}
	if got := plans.Digest("sha256:" + hex.EncodeToString(sum.Sum(nil))); got != want {
		return fmt.Errorf("has the digest %s", got.Short())
	}
	_, err := file.Seek(0, io.SeekStart)
	return err
}

type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}

// build places the release beside its final name and renames it.
func (j *job) build(ctx context.Context, file *os.File) error {
	partial := j.folder.partial(j.want)
	if err := os.Mkdir(partial, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(partial)
	if err != nil {
		return err
	}
	defer root.Close()
	m := manifest{FormatVersion: "1", Digest: j.want, Name: j.s.name()}
	format, err := unpack.FormatOf(m.Name)
	if err != nil {
		return err
	}
	if format == unpack.None {
		m.Entries, err = placeFile(ctx, root, m.Name, file)
	} else {
		m.Entries, err = unpack.Run(ctx, unpack.Archive{File: file, Format: format, Limits: unpack.DefaultLimits(), Into: root})
	}
	if err != nil {
		return err
	}
	failpoint.Here("directory: unpacked, not renamed")
	b, err := m.encode()
	if err != nil {
		return err
	}
	if err := writeDurably(j.folder.manifest(j.want), b); err != nil {
		return err
	}
	if err := syncTree(partial); err != nil {
		return err
	}
	if err := j.setAside(); err != nil {
		return err
	}
	failpoint.Here("directory: before rename of the release")
	if err := os.Rename(partial, j.folder.release(j.want)); err != nil {
		return err
	}
	failpoint.Here("directory: after rename of the release")
	return syncDir(j.folder.releases())
}

// setAside removes an altered release of the same name, so that the whole one
// can take its place.
func (j *job) setAside() error {
	aside := j.folder.release(j.want) + ".altered"
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	if err := os.Rename(j.folder.release(j.want), aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(aside)
}

func placeFile(ctx context.Context, root *os.Root, name string, file *os.File) ([]unpack.Entry, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	e := unpack.Entry{Path: name, Mode: 0o644}
	if info.Mode().Perm()&0o111 != 0 || isProgram(file) {
		e.Mode = 0o755
	}
	out, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, e.Mode)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	sum := sha256.New()
	if e.Size, err = io.Copy(io.MultiWriter(out, sum), reader{ctx, file}); err != nil {
		return nil, err
	}
	e.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return []unpack.Entry{e}, errors.Join(out.Chmod(e.Mode), out.Close())
}

// isProgram recognises a program by its first bytes: what came by HTTP has no
// mode.
func isProgram(file *os.File) bool {
	head := make([]byte, 4)
	n, _ := file.ReadAt(head, 0)
	starts := [][]byte{[]byte("\x7fELF"), []byte("#!"), {0xcf, 0xfa, 0xed, 0xfe}, {0xca, 0xfe, 0xba, 0xbe}}
	return slices.ContainsFunc(starts, func(s []byte) bool { return bytes.HasPrefix(head[:n], s) })
}

// syncTree makes everything below path durable.
func syncTree(path string) error {
	return filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() && !d.Type().IsRegular() {
			return err
		}
		return syncDir(name) // the same call for a file
	})
}
