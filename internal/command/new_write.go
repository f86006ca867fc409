package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lockstep-dev/lockstep/plans"
)

// textFile is a file to be written.
type textFile struct {
	path string
	text []byte
}

func bothSides(m plans.MigrationFile) []textFile {
	return []textFile{{m.Up.Path, m.Up.Bytes}, {m.Down.Path, m.Down.Bytes}}
}

// writeNew writes all of the files or none, and nothing over another file.
func writeNew(files []textFile) (err error) {
	for _, f := range files {
		if _, err := os.Lstat(f.path); err == nil {
			return usageError("%s exists already; nothing is written over it. Give another name, or delete the file", f.path)
		}
	}
	var done []string
	defer func() {
		for _, path := range done {
			if err != nil {
				err = errors.Join(err, os.Remove(path))
			}
		}
	}()
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
			return failed(err)
		}
		if err := writeExclusively(f); err != nil {
			return failed(err)
		}
		done = append(done, f.path)
	}
	return nil
}

func writeExclusively(f textFile) (err error) {
	out, err := os.OpenFile(f.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s came while this was written; nothing is written over it", f.path)
	}
	if err != nil {
		return err
	}
	_, err = out.Write(f.text)
	if err = errors.Join(err, out.Close()); err != nil {
		err = errors.Join(err, os.Remove(f.path))
	}
	return err
}

// step is a command to type next, and what it tells.
type step struct{ command, why string }

// sayNext prints what to type next, in two columns.
func (a *app) sayNext(steps ...step) error {
	width := 0
	for _, s := range steps {
		if s.why != "" {
			width = max(width, len(s.command))
		}
	}
	_, err := fmt.Fprint(a.host.Stdout, "\nNext:\n")
	for _, s := range steps {
		if s.command != "" && err == nil {
			_, err = fmt.Fprintf(a.host.Stdout, "  %-*s  %s\n", width, s.command, s.why)
		}
	}
	return err
}

// spellSteps are the steps' commands alone, for scripts.
func spellSteps(steps []step) []string {
	list := []string{}
	for _, s := range steps {
		if s.command != "" {
			list = append(list, s.command)
		}
	}
	return list
}
