package terraform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/google/renameio/v2"

	"github.com/lockstep-dev/lockstep/internal/failpoint"
	"github.com/lockstep-dev/lockstep/internal/seal"
	"github.com/lockstep-dev/lockstep/plans"
)

// keptReleases is how many configurations that were applied are kept.
const keptReleases = 10

// release is a configuration that was applied with success: what a rollback
// comes back to. Inputs may be secret; the folder is private, as the state is.
type release struct {
	At      mark                       `json:"at"`
	Source  string                     `json:"source"`
	Inputs  map[string]json.RawMessage `json:"inputs"`
	Sources []plans.Input              `json:"sources"`
	madeBy
	// Outputs are what it put out; values that are secret are in the copies of
	// the state alone.
	Outputs []plans.Output `json:"outputs,omitempty"`
}

func (m *module) releasePath(serial uint64) string {
	return filepath.Join(m.place.state, "releases", strconv.FormatUint(serial, 10))
}

// keepRelease stores the module's configuration under the state's serial. It
// is written beside and renamed, so that it is whole or not there.
func (m *module) keepRelease(ctx context.Context) error {
	_, now, err := m.readState(ctx)
	if err != nil {
		return err
	}
	return m.keepReleaseAt(now)
}

func (m *module) keepReleaseAt(now *stateFile) error {
	if now.Lineage == "" {
		return nil
	}
	target := m.releasePath(now.Serial)
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return fmt.Errorf("keep the release: %w", err)
	}
	draft, err := os.MkdirTemp(filepath.Dir(target), ".draft-")
	if err != nil {
		return fmt.Errorf("keep the release: %w", err)
	}
	defer os.RemoveAll(draft)
	kept := release{At: now.mark(), Source: m.settings.Source, Inputs: m.settings.Inputs, Sources: m.sources, Outputs: m.shownOutputs(now)}
	if kept.madeBy, err = m.maker(); err != nil {
		return fmt.Errorf("keep the release: %w", err)
	}
	if err := m.writeRelease(draft, kept); err != nil {
		return fmt.Errorf("keep the release: %w", err)
	}
	failpoint.Here("terraform: before the release is kept")
	if err := os.RemoveAll(target); err != nil {
		return fmt.Errorf("keep the release: %w", err)
	}
	failpoint.Here("terraform: the old release is gone")
	if err := os.Rename(draft, target); err != nil {
		return fmt.Errorf("keep the release: %w", err)
	}
	failpoint.Here("terraform: after the release is kept")
	return m.pruneReleases()
}

func (m *module) writeRelease(dir string, r release) error {
	err := restore(dir, r.Sources, func(d plans.Digest) ([]byte, error) {
		for _, in := range r.Sources {
			if in.Digest == d {
				return os.ReadFile(filepath.Join(m.place.tree(), filepath.FromSlash(in.Path)))
			}
		}
		return nil, fs.ErrNotExist
	})
	if err != nil {
		return err
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(filepath.Join(dir, releaseFile), b, 0o600); err != nil {
		return err
	}
	return m.sealBelow(dir)
}

const releaseFile = "lockstep-release.json"

// serials lists the kept releases, oldest first.
func (m *module) serials() ([]uint64, error) {
	entries, err := os.ReadDir(filepath.Join(m.place.state, "releases"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read releases: %w", err)
	}
	var found []uint64
	for _, e := range entries {
		if n, err := strconv.ParseUint(e.Name(), 10, 64); err == nil {
			found = append(found, n)
		}
	}
	slices.Sort(found)
	return found, nil
}

func (m *module) pruneReleases() error {
	serials, err := m.serials()
	if err != nil {
		return err
	}
	for len(serials) > keptReleases {
		if err := os.RemoveAll(m.releasePath(serials[0])); err != nil {
			return fmt.Errorf("remove an old release: %w", err)
		}
		serials = serials[1:]
	}
	return nil
}

// releaseAt returns the newest release that is not newer than a mark, with
// its contents, or nil.
func (m *module) releaseAt(at mark) (*release, contents, error) {
	serials, err := m.serials()
	if err != nil {
		return nil, contents{}, err
	}
	for _, serial := range slices.Backward(serials) {
		if serial > at.serial() {
			continue
		}
		dir := m.releasePath(serial)
		b, err := m.keys().ReadFile(filepath.Join(dir, releaseFile))
		if err != nil {
			return nil, contents{}, fmt.Errorf("read the release: %w", err)
		}
		r := new(release)
		if err := json.Unmarshal(b, r); err != nil {
			return nil, contents{}, fmt.Errorf("read %s: %w", filepath.Join(dir, releaseFile), err)
		}
		if r.At.Lineage == at.Lineage {
			return r, r.contents(m.keys(), dir), nil
		}
	}
	return nil, contents{}, nil
}

func (r *release) contents(keys *seal.Keys, dir string) contents {
	paths := map[plans.Digest]string{}
	for _, in := range r.Sources {
		paths[in.Digest] = filepath.Join(dir, filepath.FromSlash(in.Path))
	}
	return contents{sources: r.Sources, blob: func(d plans.Digest) ([]byte, error) { return keys.ReadFile(paths[d]) }}
}

// forgetReleasesAfter drops releases that a rollback has undone.
func (m *module) forgetReleasesAfter(at mark) error {
	serials, err := m.serials()
	if err != nil {
		return err
	}
	for _, serial := range serials {
		if serial > at.serial() {
			if err := os.RemoveAll(m.releasePath(serial)); err != nil {
				return fmt.Errorf("remove a release that was rolled back: %w", err)
			}
		}
	}
	return nil
}
