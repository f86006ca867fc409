package command

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// readFolder reads a folder in golang-migrate's layout.
func readFolder(folder string) ([]plans.MigrationFile, error) {
	base := "."
	if filepath.IsAbs(folder) || !filepath.IsLocal(folder) {
		base, folder = folder, "."
	}
	files, err := database.ReadFolder(database.Disk(base), filepath.ToSlash(filepath.Clean(folder)))
	if err != nil {
		return nil, folderFailed(err)
	}
	if base == "." {
		return files, nil
	}
	for i := range files {
		for _, side := range []*plans.SQLFile{&files[i].Up, &files[i].Down} {
			if side.Path != "" {
				side.Path = filepath.ToSlash(filepath.Join(base, side.Path))
			}
		}
	}
	return files, nil
}

// holdsMigrations reports whether a folder has files in golang-migrate's layout.
func holdsMigrations(folder string) bool {
	entries, err := os.ReadDir(folder)
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		name := e.Name()
		return len(name) > 0 && name[0] >= '0' && name[0] <= '9' && (strings.HasSuffix(name, ".up.sql") || strings.HasSuffix(name, ".down.sql"))
	})
}

// looseFiles are all SQL files below a folder, hidden ones left out.
func looseFiles(folder string) ([]plans.MigrationFile, error) {
	var files []plans.MigrationFile
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != folder && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case !entry.Type().IsRegular() || !strings.EqualFold(filepath.Ext(path), ".sql"):
			return nil
		}
		file, err := looseFile(path)
		files = append(files, file)
		return err
	})
	if err != nil {
		if _, ok := errors.AsType[*endError](err); !ok {
			err = failed(err)
		}
	}
	return files, err
}

// repositoryFolder is where this folder lies in its repository, with slashes;
// empty at its root and outside of one.
func repositoryFolder() string {
	here, err := os.Getwd()
	if err != nil {
		return ""
	}
	for root := here; ; root = filepath.Dir(root) {
		if _, err := os.Lstat(filepath.Join(root, ".git")); err == nil {
			folder, err := filepath.Rel(root, here)
			if err != nil || folder == "." {
				return ""
			}
			return filepath.ToSlash(folder)
		}
		if root == filepath.Dir(root) {
			return ""
		}
	}
}
