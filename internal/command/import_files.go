package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/adopt"
	"github.com/lockstep-dev/lockstep/providers"
)

// maxSource is how large a file of another tool may be; a larger one is no
// migration.
const maxSource = 16 << 20

func sourcesOf(files fs.FS) ([]adopt.Source, error) {
	var sources []adopt.Source
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !entry.Type().IsRegular():
			return nil
		}
		info, err := entry.Info()
		if err != nil || info.Size() > maxSource {
			return err
		}
		content, err := fs.ReadFile(files, name)
		sources = append(sources, adopt.Source{Path: name, Bytes: content})
		return err
	})
	if err != nil {
		return nil, failed(fmt.Errorf("read --from: %w", err))
	}
	return sources, nil
}

// writeFiles writes all files or none: each under a temporary name first, then
// all under their own, which must be free.
func writeFiles(folder string, files []adopt.File) (err error) {
	if len(files) == 0 {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", folder, err)
	}
	stage, err := os.MkdirTemp(folder, ".import-")
	if err != nil {
		return fmt.Errorf("make a folder in %s: %w", folder, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(stage, f.Name), f.Bytes, 0o644); err != nil { //nolint:gosec // sources, as those beside them
			return fmt.Errorf("write %s: %w", f.Name, err)
		}
	}
	for i, f := range files {
		// A link, unlike a rename, fails when the name is taken.
		if err := os.Link(filepath.Join(stage, f.Name), filepath.Join(folder, f.Name)); err != nil {
			return errors.Join(fmt.Errorf("write %s: %w", filepath.Join(folder, f.Name), errors.Unwrap(err)), takeBack(folder, files[:i]))
		}
	}
	return nil
}

func takeBack(folder string, files []adopt.File) error {
	var errs []error
	for _, f := range files {
		errs = append(errs, os.Remove(filepath.Join(folder, f.Name)))
	}
	return errors.Join(errs...)
}

// cannotKeep: somebody else's lock is a passing cause.
func cannotKeep(err error, next string) error {
	if errors.Is(err, providers.ErrBlocked) {
		return &endError{code: exitTryAgain, err: err, next: []string{"The database was not changed.", next}}
	}
	return failed(err, "The database was not changed.", next)
}
