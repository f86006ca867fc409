package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// This file decides whether an init can be left out: everything that it would
// read is what an earlier one read, nothing is open that it would choose, and
// what that one left is still there untouched. Terraform itself compares
// providers with the lock file, and the backend with what init noted, in every
// command: at worst it says that an init is needed.

// setup is what an init was given and what it left.
type setup struct {
	// Given covers the sources together with the lock file and the modules that
	// the init chose. Sources that lack them are something else, so that
	// what is open is chosen again.
	Given plans.Digest `json:"given"`
	Left  []string     `json:"left"`
}

const dataFolder = ".terraform"

func (m *module) setupPath() string { return filepath.Join(m.place.work, "init.json") }

// aside is where the data folder of Terraform waits while the tree is laid.
func (m *module) aside() string { return filepath.Join(m.place.work, "aside") }

// given is a digest of everything that an init reads. The environment is in it
// because backends and registries take settings and credentials from there.
func (m *module) given(sources []plans.Input) (plans.Digest, error) {
	home, cliConfig := m.provider.options.Home, m.provider.options.PluginMirror
	b, err := json.Marshal(map[string]any{
		"engine": []string{m.engine.name, m.engine.version, m.provider.options.Binary}, "root": m.root(), "state": m.place.module,
		"backend": m.settings.BackendConfig, "sources": byPath(sources),
		"environment": environment(os.Environ(), m.provider.options.Environment, home, cliConfig),
	})
	if err != nil {
		return "", errors.New("terraform: backend_config cannot be written as JSON")
	}
	return plans.DigestOf(b), nil
}

func byPath(sources []plans.Input) map[string]plans.Digest {
	found := map[string]plans.Digest{}
	for _, in := range sources {
		found[in.Path] = in.Digest
	}
	return found
}

// reusable reports whether the data folder is the one of an init that was
// given the same. Whatever cannot be read is not.
func (m *module) reusable(data string) bool {
	b, err := os.ReadFile(m.setupPath())
	if err != nil {
		return false
	}
	var noted setup
	if json.Unmarshal(b, &noted) != nil || noted.Given == "" {
		return false
	}
	given, err := m.given(m.sources)
	if err != nil || given != noted.Given {
		return false
	}
	left, err := m.listed(data, m.sources)
	return err == nil && slices.Equal(left, noted.Left)
}

// noteInit remembers an init that has succeeded. It is forgotten before the
// next one begins, so that nobody takes a half for a whole. What cannot be
// noted is done again the next time.
func (m *module) noteInit() {
	files := map[string][]byte{}
	if m.addInstalled(files) != nil {
		return
	}
	chosen, _ := asInputs(files)
	all := append(slices.DeleteFunc(slices.Clone(m.sources), func(in plans.Input) bool {
		_, again := files[in.Path]
		return again
	}), chosen...)
	given, err := m.given(all)
	if err != nil {
		return
	}
	left, err := m.listed(filepath.Join(m.root(), dataFolder), all)
	if err != nil {
		return
	}
	if b, err := json.Marshal(setup{given, left}); err == nil {
		_ = os.WriteFile(m.setupPath(), b, 0o600)
	}
}

func (m *module) forgetInit() error {
	if err := os.Remove(m.setupPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("terraform working folder: %w", err)
	}
	return nil
}

// listed is what lies in a data folder: each file by size, time and inode,
// without what is laid there from the sources, whose contents are compared. An
// installed provider may be a link to a folder of a mirror: what that holds
// counts.
func (m *module) listed(data string, sources []plans.Input) ([]string, error) {
	laid := byPath(sources)
	found := []string{}
	err := filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == data {
			return nil // a module without a backend and without providers
		}
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(data, path)
		if err != nil {
			return err
		}
		if _, ok := laid[m.inSources(relative)]; ok {
			return nil
		}
		line, err := lineOf(path)
		if err != nil {
			return err
		}
		found = append(found, relative+" "+line)
		return nil
	})
	return found, err
}

// inSources is the name that a file of the data folder has among the sources.
func (m *module) inSources(relative string) string {
	return filepath.ToSlash(filepath.Join(m.folder, dataFolder, relative))
}

func lineOf(path string) (string, error) {
	info, err := os.Stat(path) // through a link
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return markOfFile(info), nil
	}
	target, err := os.Readlink(path)
	if err != nil {
		return "", err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", err
	}
	lines := []string{target}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			return "", err
		}
		lines = append(lines, entry.Name(), markOfFile(info))
	}
	return strings.Join(lines, " "), nil
}
