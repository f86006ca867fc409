package command

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/plans"
)

// newPlace is where new files go: flags of the verbs of new.
type newPlace struct {
	database string
	folder   string
}

func (p *newPlace) flags(f *pflag.FlagSet) {
	f.StringVar(&p.database, "database", "", "the `NAME` of the database, where the project has several")
	f.StringVar(&p.folder, "folder", "", "the `FOLDER` of migrations; no project is needed then")
}

// newFolder is a folder of migrations, read.
type newFolder struct {
	path    string // slash-separated
	files   []plans.MigrationFile
	driver  string // "" where no project says it
	head    config.DatabaseHead
	project *config.Project // nil where the folder was given by itself
}

func (p newPlace) open() (*newFolder, error) {
	if p.folder != "" && p.database != "" {
		return nil, usageError("--folder and --database both say where: give one of them")
	}
	f := &newFolder{path: filepath.ToSlash(filepath.Clean(p.folder))}
	if p.folder == "" {
		w, err := openWorkspace()
		if err != nil {
			return nil, err
		}
		if f.head, err = p.pick(w.project.Databases()); err != nil {
			return nil, err
		}
		f.project, f.driver, f.path = w.project, f.head.Driver, f.head.Migrations
	}
	switch info, err := os.Stat(f.path); {
	case errors.Is(err, fs.ErrNotExist):
		return f, nil
	case err != nil:
		return nil, failed(err)
	case !info.IsDir():
		return nil, usageError("%s is a file: expected a folder of migrations", f.path)
	}
	var err error
	f.files, err = readFolder(f.path)
	return f, err
}

// pick finds the database that is named, or the only one with migrations.
func (p newPlace) pick(all []config.DatabaseHead) (config.DatabaseHead, error) {
	var names []string
	var with []config.DatabaseHead
	for _, d := range all {
		if d.Migrations == "" {
			continue
		}
		if d.Name == strings.TrimPrefix(p.database, "database.") {
			return d, nil
		}
		with, names = append(with, d), append(names, d.Name)
	}
	switch {
	case p.database != "":
		return config.DatabaseHead{}, undeclared("database", p.database, names)
	case len(with) == 1:
		return with[0], nil
	case len(with) == 0:
		return config.DatabaseHead{}, usageError("no database of this project has a folder of migrations: declare one (lockstep language database), or give --folder FOLDER")
	}
	return config.DatabaseHead{}, usageError("which database? Give --database: %s", strings.Join(names, ", "))
}

// reader is the change set that applies a version of the folder, which is the
// one that goes least above it, and the environment where it begins; "" where
// there is none.
func (f *newFolder) reader(version uint64) (changeSet, environment string) {
	if f.project == nil {
		return "", ""
	}
	least := uint64(math.MaxUint64)
	for _, c := range f.project.ChangeSets() {
		for _, m := range c.Migrations {
			top := m.Version
			if top == 0 {
				top = math.MaxUint64 - 1 // all there are
			}
			if m.Database == f.head.Name && top >= version && top < least {
				changeSet, least = c.Name, top
			}
		}
	}
	for _, e := range f.project.Environments() {
		if len(e.DependsOn) == 0 && environment == "" {
			environment = e.Name
		}
	}
	return changeSet, environment
}

// where is how a verb that reads a folder is told about it.
func (f *newFolder) where() string {
	if f.project != nil {
		return ""
	}
	return " " + f.path
}

// flag is how a verb of new is told about the folder.
func (f *newFolder) flag() string {
	switch {
	case f.project == nil:
		return " --folder " + f.path
	case len(f.project.Databases()) > 1:
		return " --database " + f.head.Name
	}
	return ""
}

// planStep says how the version gets into a plan.
func (f *newFolder) planStep(version uint64) step {
	changeSet, environment := f.reader(version)
	switch {
	case f.project == nil:
		return step{"", ""}
	case changeSet == "":
		return step{fmt.Sprintf("migration %q { database = database.%s, version = %d }", f.head.Name, f.head.Name, version), "in a change set: that is how it gets into a plan"}
	}
	return step{fmt.Sprintf("lockstep plan %s --env %s", changeSet, environment), "where in the order does it come?"}
}
