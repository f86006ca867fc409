// Package bundle is the plan file: plan.json and every input that it names by
// SHA-256, in one file. Apply reads from a bundle and from nothing else, so
// what was reviewed is what runs, whatever happened to the working tree.
//
// The file is one header line, "lockstep-bundle 1 HEX", where HEX is the
// SHA-256 of everything after the line, followed by a tar with plan.json and
// blobs/HEX in ascending order. Equal plans give equal files, and a changed
// byte anywhere is refused.
//
// In format 2 the inputs are sealed: the tar has plan.json, the names of the
// recipients, and inputs.age, which holds a tar with the same blobs/HEX. Anybody
// can read the plan; its digest, which is approved, is the same. An input that
// is not the one that the plan names by the SHA-256 of its clear bytes is
// refused when it is opened.
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

	"github.com/lockstep-dev/lockstep/internal/seal"
	"github.com/lockstep-dev/lockstep/plans"
)

// ErrRefused is wrapped by every error about a bundle that cannot be trusted:
// cut, altered, incomplete, or of another format. Nothing may be applied.
var ErrRefused = errors.New("plan file refused")

const (
	magic       = "lockstep-bundle 1 "
	sealedMagic = "lockstep-bundle 2 " // as long as the other
	planName    = "plan.json"
	blobDir     = "blobs/"
	maxSize     = 1 << 30
)

// Bundle is an opened plan file. It is immutable.
type Bundle struct {
	Plan   *plans.Plan
	Digest plans.Digest // of plan.json: what is approved
	plan   []byte       // plan.json
	blobs  map[plans.Digest][]byte
	sealed *sealed // nil in format 1
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

// Blob returns an input's bytes. The caller must not change them. The error
// wraps seal.ErrClosed where the inputs are sealed and nobody opened them.
func (b *Bundle) Blob(d plans.Digest) ([]byte, error) {
	content, ok := b.blobs[d]
	if !ok && b.closed() {
		return nil, fmt.Errorf("input %s: %w", d.Short(), seal.ErrClosed)
	}
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
	if err := b.addInputs(tw); err != nil {
		return nil, err
	}
	if err := tw.Close(); err != nil {
		return nil, fmt.Errorf("write plan file: %w", err)
	}
	sum := sha256.Sum256(file.Bytes()[headSize:])
	copy(file.Bytes(), b.magic()+hex.EncodeToString(sum[:])+"\n")
	return file.Bytes(), nil
}

func (b *Bundle) magic() string {
	if b.sealed != nil {
		return sealedMagic
	}
	return magic
}

func (b *Bundle) addInputs(tw *tar.Writer) error {
	if b.sealed != nil {
		return b.sealed.add(tw)
	}
	return addBlobs(tw, b.Plan.InputDigests(), b.blobs)
}

func addBlobs(tw *tar.Writer, digests []plans.Digest, blobs map[plans.Digest][]byte) error {
	for _, d := range digests {
		if err := addFile(tw, blobDir+d.Hex(), blobs[d]); err != nil {
			return err
		}
	}
	return nil
}

// headSize is the length of the header line, its end included.
const headSize = len(magic) + hexSize + 1

const hexSize = 2 * sha256.Size

// size is at least the length of the file: each entry has a header and is
// filled up to whole blocks.
func (b *Bundle) size() int {
	const block = 512
	total := headSize + len(b.plan) + 4*block
	if b.sealed != nil {
		const names = 2 << 10
		return total + names + len(b.sealed.inputs) + 2*block
	}
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
	if err := seal.WritePrivate(path, content); err != nil {
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
	body, isSealed, err := checkHeader(content)
	if err != nil {
		return nil, err
	}
	entries, err := readEntries(body)
	if err != nil {
		return nil, err
	}
	b, err := decodePlan(entries)
	if err != nil {
		return nil, err
	}
	if isSealed {
		b.sealed, err = readSealed(entries[1:])
	} else {
		b.blobs, err = readBlobs(b.Plan, entries[1:])
	}
	if err != nil {
		return nil, err
	}
	b.encode = sync.OnceValues(b.encodeAll)
	if again, err := b.Encode(); err != nil || !bytes.Equal(again, content) {
		return nil, refuse("it is not in the form that Lockstep writes")
	}
	return b, nil
}

func checkHeader(content []byte) (body []byte, isSealed bool, err error) {
	line, body, ok := bytes.Cut(content, []byte("\n"))
	want, isBundle := strings.CutPrefix(string(line), magic)
	if !isBundle {
		want, isSealed = strings.CutPrefix(string(line), sealedMagic)
	}
	if !ok || !isBundle && !isSealed {
		return nil, false, refuse("it is not a Lockstep plan file of format 1 or 2")
	}
	sum := sha256.Sum256(body)
	if want != hex.EncodeToString(sum[:]) {
		return nil, false, refuse("its bytes are not the ones that were written: it was cut or altered")
	}
	return body, isSealed, nil
}

// entry is one file of an archive.
type entry struct {
	name    string
	content []byte
}

func readEntries(archive []byte) ([]entry, error) {
	var all []entry
	tr := tar.NewReader(bytes.NewReader(archive))
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, refuse("its archive is damaged: " + err.Error())
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			return nil, refuse("its archive is damaged: " + err.Error())
		}
		all = append(all, entry{h.Name, content})
	}
}

// decodePlan reads the first entry; the rest of the bundle is still missing.
func decodePlan(entries []entry) (*Bundle, error) {
	if len(entries) == 0 || entries[0].name != planName {
		return nil, refuse("it does not begin with plan.json")
	}
	p, err := plans.Decode(entries[0].content)
	if err != nil {
		return nil, refuse(err.Error())
	}
	canonical, err := plans.Encode(p)
	if err != nil {
		return nil, refuse(err.Error())
	}
	return &Bundle{Plan: p, Digest: plans.DigestOf(canonical), plan: canonical}, nil
}

// readBlobs takes exactly the inputs that the plan names.
func readBlobs(p *plans.Plan, entries []entry) (map[plans.Digest][]byte, error) {
	blobs := map[plans.Digest][]byte{}
	for _, e := range entries {
		d := plans.DigestOf(e.content)
		if _, twice := blobs[d]; twice || e.name != blobDir+d.Hex() {
			return nil, refuse(fmt.Sprintf("entry %q is not what its name says", e.name))
		}
		blobs[d] = e.content
	}
	return blobs, checkBlobs(p, blobs)
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
