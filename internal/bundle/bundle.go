// Package bundle is the plan file: plan.json and every input that it names by
// SHA-256, in one file. Apply reads from a bundle and from nothing else, so
// what was reviewed is what runs, whatever happened to the working tree.
//
// The file is one header line, "lockstep-bundle 1 HEX", where HEX is the
// SHA-256 of everything after the line, followed by a tar with plan.json and
// blobs/HEX in ascending order. Equal plans give equal files, and a changed
// byte anywhere is refused.
package bundle

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/google/renameio/v2"

	"github.com/lockstep-dev/lockstep/plans"
)

// ErrRefused is wrapped by every error about a bundle that cannot be trusted:
// cut, altered, incomplete, or of another format. Nothing may be applied.
var ErrRefused = errors.New("plan file refused")

const (
	magic    = "lockstep-bundle 1 "
	planName = "plan.json"
	blobDir  = "blobs/"
	maxSize  = 1 << 30
)

// Bundle is an opened plan file. It is immutable.
type Bundle struct {
	Plan   *plans.Plan
	Digest plans.Digest // of plan.json: what is approved
	plan   []byte       // plan.json
	blobs  map[plans.Digest][]byte
	encode func() ([]byte, error)
}

// New makes a bundle of a plan. It fails when blobs lacks an input that the
// plan names; blobs that the plan does not name are left out.
func New(p *plans.Plan, blobs map[plans.Digest][]byte) (*Bundle, error) {
	encoded, err := plans.Encode(p)
	if err != nil {
		return nil, err
	}
	b := &Bundle{Plan: p, Digest: plans.DigestOf(encoded), plan: encoded, blobs: map[plans.Digest][]byte{}}
	for _, d := range p.InputDigests() {
		content, ok := blobs[d]
		if !ok {
			return nil, fmt.Errorf("plan names input %s, but its content was not read", d.Short())
		}
		if plans.DigestOf(content) != d {
			return nil, fmt.Errorf("input %s changed while the plan was made; plan again", d.Short())
		}
		b.blobs[d] = content
	}
	b.encode = sync.OnceValues(b.encodeAll)
	return b, nil
}

// Blob returns an input's bytes. The caller must not change them.
func (b *Bundle) Blob(d plans.Digest) ([]byte, error) {
	content, ok := b.blobs[d]
	if !ok {
		return nil, fmt.Errorf("the plan file has no input %s", d.Short())
	}
	return content, nil
}

// Encode returns the file's bytes, which the caller must not change. They are
// put together once, by whoever asks first.
func (b *Bundle) Encode() ([]byte, error) { return b.encode() }

func (b *Bundle) encodeAll() ([]byte, error) {
	var file bytes.Buffer
	file.Grow(b.size())
	file.Write(make([]byte, headSize))
	tw := tar.NewWriter(&file)
	if err := addFile(tw, planName, b.plan); err != nil {
		return nil, err
	}
	for _, d := range b.Plan.InputDigests() {
		if err := addFile(tw, blobDir+d.Hex(), b.blobs[d]); err != nil {
			return nil, err
		}
	}
	if err := tw.Close(); err != nil {
		return nil, fmt.Errorf("write plan file: %w", err)
	}
	sum := sha256.Sum256(file.Bytes()[headSize:])
	copy(file.Bytes(), magic+hex.EncodeToString(sum[:])+"\n")
	return file.Bytes(), nil
}

// headSize is the length of the header line, its end included.
const headSize = len(magic) + hexSize + 1

const hexSize = 2 * sha256.Size

// size is at least the length of the file: each entry has a header and is
// filled up to whole blocks.
func (b *Bundle) size() int {
	const block = 512
	total := headSize + len(b.plan) + 4*block
	for _, content := range b.blobs {
		total += len(content) + 2*block
	}
	return total
}

func addFile(tw *tar.Writer, name string, content []byte) error {
	h := &tar.Header{Name: name, Mode: 0o600, Size: int64(len(content)), Format: tar.FormatUSTAR}
	if err := tw.WriteHeader(h); err != nil {
		return fmt.Errorf("write plan file: %w", err)
	}
	if _, err := tw.Write(content); err != nil {
		return fmt.Errorf("write plan file: %w", err)
	}
	return nil
}

// Save writes the file with mode 0600, whole or not at all.
func (b *Bundle) Save(path string) error {
	content, err := b.Encode()
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(path, content, 0o600, renameio.IgnoreUmask()); err != nil {
		return fmt.Errorf("save plan file: %w", err)
	}
	return nil
}

// Open reads and checks a plan file. A missing file is the operating system's
// error; everything else wraps ErrRefused and says what was found.
func Open(path string) (*Bundle, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrRefused, path, err)
	}
	b, err := Decode(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

// Decode is Open for bytes.
func Decode(content []byte) (*Bundle, error) {
	if len(content) > maxSize {
		return nil, refuse("it is larger than 1 GiB")
	}
	body, err := checkHeader(content)
	if err != nil {
		return nil, err
	}
	planBytes, blobs, err := readBody(body)
	if err != nil {
		return nil, err
	}
	p, err := plans.Decode(planBytes)
	if err != nil {
		return nil, refuse(err.Error())
	}
	if err := checkBlobs(p, blobs); err != nil {
		return nil, err
	}
	canonical, err := plans.Encode(p)
	if err != nil {
		return nil, refuse(err.Error())
	}
	b := &Bundle{Plan: p, Digest: plans.DigestOf(canonical), plan: canonical, blobs: blobs}
	b.encode = sync.OnceValues(b.encodeAll)
	if again, err := b.Encode(); err != nil || !bytes.Equal(again, content) {
		return nil, refuse("it is not in the form that Lockstep writes")
	}
	return b, nil
}

func checkHeader(content []byte) ([]byte, error) {
	line, body, ok := bytes.Cut(content, []byte("\n"))
	want, isBundle := strings.CutPrefix(string(line), magic)
	if !ok || !isBundle {
		return nil, refuse("it is not a Lockstep plan file of format 1")
	}
	sum := sha256.Sum256(body)
	if want != hex.EncodeToString(sum[:]) {
		return nil, refuse("its bytes are not the ones that were written: it was cut or altered")
	}
	return body, nil
}

func readBody(body []byte) (planBytes []byte, blobs map[plans.Digest][]byte, err error) {
	blobs = map[plans.Digest][]byte{}
	tr := tar.NewReader(bytes.NewReader(body))
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, refuse("its archive is damaged: " + err.Error())
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			return nil, nil, refuse("its archive is damaged: " + err.Error())
		}
		if h.Name == planName && planBytes == nil {
			planBytes = content
			continue
		}
		d := plans.DigestOf(content)
		if _, twice := blobs[d]; twice || h.Name != blobDir+d.Hex() {
			return nil, nil, refuse(fmt.Sprintf("entry %q is not what its name says", h.Name))
		}
		blobs[d] = content
	}
	if planBytes == nil {
		return nil, nil, refuse("it holds no plan.json")
	}
	return planBytes, blobs, nil
}

func checkBlobs(p *plans.Plan, blobs map[plans.Digest][]byte) error {
	named := p.InputDigests()
	for _, d := range named {
		if _, ok := blobs[d]; !ok {
			return refuse("input " + d.Short() + " is missing")
		}
	}
	if len(named) != len(blobs) {
		return refuse(fmt.Sprintf("it holds %d inputs, the plan names %d", len(blobs), len(named)))
	}
	return nil
}

func refuse(why string) error { return fmt.Errorf("%w: %s", ErrRefused, why) }
