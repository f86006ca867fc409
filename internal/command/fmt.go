package command

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/internal/redact"
)

type formatting struct {
	app   *app
	check bool
	diff  bool
}

func newFmtCommand(a *app) *cobra.Command {
	f := &formatting{app: a}
	c := &cobra.Command{
		Use:   "fmt [PATH...]",
		Short: "Write language files in the canonical style",
		Long: `Writes *.lockstep.hcl and *.lockstepvars.hcl files in the canonical style and prints
the names of those that change. PATH is a file or a folder; without one, it is the
project with its folders changes and env.`,
		RunE: func(_ *cobra.Command, args []string) error { return f.run(args) },
	}
	c.Flags().BoolVar(&f.check, "check", false, "write nothing; exit 1 when a file would change")
	c.Flags().BoolVar(&f.diff, "diff", false, "print what changes")
	return c
}

func (f *formatting) run(paths []string) error {
	files, err := filesToFormat(paths)
	if err != nil {
		return failed(err)
	}
	var changed []string
	var problems diag.Diagnostics
	for _, name := range files {
		differs, ds, err := f.file(name)
		if err != nil {
			return failed(err)
		}
		problems = append(problems, ds...)
		if differs {
			changed = append(changed, name)
		}
	}
	if problems.HasErrors() {
		return diagnose(nil, problems)
	}
	if f.check && len(changed) > 0 {
		return failed(fmt.Errorf("%d of %d files are not in the canonical style", len(changed), len(files)),
			"Write them with: lockstep fmt")
	}
	return nil
}

// file formats one file, and reports whether it differs from its style.
func (f *formatting) file(name string) (bool, diag.Diagnostics, error) {
	src, err := os.ReadFile(name)
	if err != nil {
		return false, nil, err
	}
	formatted, ds := config.FormatFile(name, src)
	if bytes.Equal(src, formatted) {
		return false, ds, nil
	}
	out := f.app.host.Stdout
	if f.diff {
		fmt.Fprint(out, redact.EscapeLines(udiff.Unified(name, name, string(src), string(formatted))))
	} else {
		fmt.Fprintln(out, redact.Escape(name))
	}
	if f.check {
		return true, nil, nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return true, nil, err
	}
	return true, nil, renameio.WriteFile(name, formatted, info.Mode().Perm())
}

// filesToFormat returns the files below the paths, and says which path has none.
func filesToFormat(paths []string) ([]string, error) {
	if len(paths) == 0 {
		return filesIn([]string{".", "changes", "env"})
	}
	var files []string
	for _, name := range paths {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return nil, err
		case !info.IsDir():
			files = append(files, name)
			continue
		}
		found, err := filesIn([]string{name})
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return files, nil
}

func filesIn(folders []string) ([]string, error) {
	var files []string
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			name := entry.Name()
			if !entry.IsDir() && (strings.HasSuffix(name, ".lockstep.hcl") || strings.HasSuffix(name, ".lockstepvars.hcl")) {
				files = append(files, filepath.Join(folder, name))
			}
		}
	}
	return files, nil
}
