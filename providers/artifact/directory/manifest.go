package directory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/artifact/unpack"
)

// manifest is what was placed for one release.
type manifest struct {
	FormatVersion string         `json:"format_version"`
	Digest        plans.Digest   `json:"digest"`
	Name          string         `json:"name"` // of the artifact at its source
	Entries       []unpack.Entry `json:"entries"`
}

// errNotAsPlaced is wrapped when a release is missing or was altered.
var errNotAsPlaced = errors.New("the release is not as it was placed")

// verify compares a release with its manifest, reading every file. Files that
// were added (logs, caches) are not looked at.
func (f folder) verify(ctx context.Context, d plans.Digest) error {
	b, err := os.ReadFile(f.manifest(d))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: releases/%s has no manifest", errNotAsPlaced, d.Hex())
	}
	if err != nil {
		return err
	}
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil || m.Digest != d || len(m.Entries) == 0 {
		return fmt.Errorf("%w: the manifest of releases/%s cannot be read", errNotAsPlaced, d.Hex())
	}
	root, err := os.OpenRoot(f.release(d))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: releases/%s does not exist", errNotAsPlaced, d.Hex())
	}
	if err != nil {
		return err
	}
	defer root.Close()
	for _, e := range m.Entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := sameEntry(root, e); err != nil {
			return fmt.Errorf("releases/%s: %w", d.Hex(), err)
		}
	}
	return nil
}

func sameEntry(root *os.Root, e unpack.Entry) error {
	differs := func(what string) error { return fmt.Errorf("%w: %q %s", errNotAsPlaced, e.Path, what) }
	info, err := root.Lstat(e.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return differs("is missing")
	}
	if err != nil {
		return err
	}
	switch {
	case info.Mode().Type() != e.Mode.Type():
		return differs("is of another kind")
	case e.Mode.Type() == fs.ModeSymlink:
		if target, err := root.Readlink(e.Path); err != nil || target != e.Link {
			return differs("points elsewhere")
		}
		return nil
	case e.Mode.IsDir():
		return nil
	case info.Mode().Perm() != e.Mode.Perm():
		return differs(fmt.Sprintf("has the mode %s, expected %s", info.Mode().Perm(), e.Mode.Perm()))
	case info.Size() != e.Size:
		return differs(fmt.Sprintf("has %d bytes, expected %d", info.Size(), e.Size))
	}
	file, err := root.Open(e.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != e.SHA256 {
		return differs("has other content")
	}
	return nil
}

func (m manifest) encode() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", "  ")
	return append(b, '\n'), err
}
