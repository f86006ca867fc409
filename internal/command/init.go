package command

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"
)

//go:embed all:scaffold
var scaffold embed.FS

func newInitCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Write a small project to start from",
		Long: `Writes a project with one environment chain, one SQLite database and one change
set into the current folder. It never overwrites a file.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.scaffoldProject() },
	}
}

func (a *app) scaffoldProject() error {
	files, err := scaffoldFiles()
	if err != nil {
		return err
	}
	for _, name := range files {
		if _, err := os.Lstat(name); err == nil {
			return usageError("%s exists already; init writes nothing over it. Start in an empty folder: lockstep -C FOLDER init", name)
		}
	}
	for _, name := range files {
		if err := writeScaffold(name); err != nil {
			return failed(err)
		}
		fmt.Fprintln(a.host.Stdout, "  wrote", name)
	}
	_, err = fmt.Fprint(a.host.Stdout, `
Next:
  lockstep validate                      is it well formed?
  lockstep plan hello --env dev          what would happen, and how is it undone?
  lockstep apply hello --env dev         do it
  lockstep promote hello --to production the same content, one environment on
`)
	return err
}

func scaffoldFiles() ([]string, error) {
	var files []string
	err := fs.WalkDir(scaffold, "scaffold", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		target, err := filepath.Rel("scaffold", filepath.FromSlash(name))
		files = append(files, target)
		return err
	})
	return files, err
}

func writeScaffold(name string) error {
	content, err := scaffold.ReadFile(path.Join("scaffold", filepath.ToSlash(name)))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}
