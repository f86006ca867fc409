package command

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"

	"github.com/lockstep-dev/lockstep/internal/doctor"
	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// lookAtJournal looks at the folder in which runs are recorded, and reads
// every record.
func lookAtJournal(path string) []doctor.Sign {
	j := doctor.Journal{Path: path, Free: database.FreeBytes(".")}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		j.Missing, j.Writable = true, tryToWrite(filepath.Dir(path))
		return doctor.JudgeJournal(j)
	case err != nil:
		j.Writable = err
		return doctor.JudgeJournal(j)
	}
	j.Mode, j.Free = info.Mode(), database.FreeBytes(path)
	j.Owner, j.Foreign = ownerOf(info)
	j.Writable = tryToWrite(path)
	if j.Writable == nil {
		j.Runs, j.Broken = readJournal(path)
	}
	return doctor.JudgeJournal(j)
}

func readJournal(path string) (runs int, err error) {
	store, err := journal.OpenStore(path)
	if err != nil {
		return 0, err
	}
	all, err := store.ReadAll()
	return len(all), err
}

// tryToWrite is the only sure answer: modes tell neither of read-only mounts
// nor of quotas.
func tryToWrite(folder string) error {
	file, err := os.CreateTemp(folder, ".doctor-*")
	if err != nil {
		return err
	}
	_, err = file.WriteString("written by lockstep doctor, to be deleted\n")
	return errors.Join(err, file.Close(), os.Remove(file.Name()))
}

// nameOf is a user's name, or the number where there is none.
func nameOf(uid string) string {
	if u, err := user.LookupId(uid); err == nil {
		return u.Username
	}
	return "uid " + uid
}
