package bundle

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/lockstep-dev/lockstep/internal/seal"
	"github.com/lockstep-dev/lockstep/plans"
)

const (
	recipientsName = "recipients"
	inputsName     = "inputs.age"
)

// sealed are inputs that the recipients alone can read.
type sealed struct {
	recipients []string // for people; age's format does not name them
	inputs     []byte   // a tar with all blobs, sealed
}

func (s *sealed) add(tw *tar.Writer) error {
	if err := addFile(tw, recipientsName, []byte(strings.Join(s.recipients, "\n")+"\n")); err != nil {
		return err
	}
	return addFile(tw, inputsName, s.inputs)
}

func readSealed(entries []entry) (*sealed, error) {
	if len(entries) != 2 || entries[0].name != recipientsName || entries[1].name != inputsName || !seal.Sealed(entries[1].content) {
		return nil, refuse("its sealed inputs are not where they belong")
	}
	names := strings.TrimSuffix(string(entries[0].content), "\n")
	return &sealed{recipients: strings.Split(names, "\n"), inputs: entries[1].content}, nil
}

// SealedFor names those who can open the inputs, as whoever wrote the file says;
// empty when anybody can.
func (b *Bundle) SealedFor() []string {
	if b.sealed == nil {
		return nil
	}
	return b.sealed.recipients
}

func (b *Bundle) closed() bool { return b.sealed != nil && b.blobs == nil }

// Sealed returns the same plan with inputs that only the keys' recipients can
// read in its file. What is in memory stays readable. Without recipients, and
// of a bundle that is sealed already, it returns the bundle itself.
func (b *Bundle) Sealed(keys *seal.Keys) (*Bundle, error) {
	if len(keys.Recipients()) == 0 || b.sealed != nil {
		return b, nil
	}
	var archive bytes.Buffer
	tw := tar.NewWriter(&archive)
	if err := addBlobs(tw, b.Plan.InputDigests(), b.blobs); err != nil {
		return nil, err
	}
	if err := tw.Close(); err != nil {
		return nil, fmt.Errorf("write plan file: %w", err)
	}
	inputs, err := keys.Seal(archive.Bytes())
	if err != nil {
		return nil, err
	}
	return b.with(b.blobs, &sealed{recipients: keys.Recipients(), inputs: inputs}), nil
}

// Opened returns the same bundle with inputs that can be read. It fails with
// seal.ErrClosed where none of the keys opens them, and with ErrRefused where
// they are not the ones that the plan names.
func (b *Bundle) Opened(keys *seal.Keys) (*Bundle, error) {
	if !b.closed() {
		return b, nil
	}
	archive, err := keys.Open(b.sealed.inputs)
	if errors.Is(err, seal.ErrDamaged) {
		return nil, refuse(err.Error())
	}
	if err != nil {
		return nil, err
	}
	entries, err := readEntries(archive)
	if err != nil {
		return nil, err
	}
	blobs, err := readBlobs(b.Plan, entries)
	if err != nil {
		return nil, err
	}
	return b.with(blobs, b.sealed), nil
}

func (b *Bundle) with(blobs map[plans.Digest][]byte, s *sealed) *Bundle {
	other := &Bundle{Plan: b.Plan, Digest: b.Digest, plan: b.plan, blobs: blobs, sealed: s}
	other.encode = sync.OnceValues(other.encodeAll)
	return other
}
