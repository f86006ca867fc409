package migrationfile

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

// Numbering is how a folder counts its migrations.
type Numbering struct {
	// Stamped versions are a moment of UTC as 20261122093000; else they count
	// from 1.
	Stamped bool
	Width   int // digits that a counted version is filled up to
}

// stamp is the form of a version that is a moment, as golang-migrate's create
// writes it.
const stamp = "20060102150405"

// Counted and Stamped are the two numberings of a folder that has no file yet.
func Counted() Numbering { return Numbering{Width: 4} }

// Stamped is explained at Counted.
func Stamped() Numbering { return Numbering{Stamped: true, Width: len(stamp)} }

// NumberingOf tells the numbering of a folder by its newest file; Counted for
// an empty one.
func NumberingOf(files []plans.MigrationFile) Numbering {
	if len(files) == 0 {
		return Counted()
	}
	digits, _, _ := strings.Cut(path.Base(newest(files).Up.Path), "_")
	if _, err := time.Parse(stamp, digits); err == nil {
		return Stamped()
	}
	return Numbering{Width: len(digits)}
}

// Next is the version behind all of the folder's files, and not before now
// where versions are moments. The error says that there is none.
func (n Numbering) Next(files []plans.MigrationFile, now time.Time) (string, error) {
	var last uint64
	if len(files) > 0 {
		last = newest(files).Version
	}
	if !n.Stamped {
		if last >= maxVersion {
			return "", fmt.Errorf("%s has the highest version there is: renumber it", newest(files).Up.Path)
		}
		return fmt.Sprintf("%0*d", n.Width, last+1), nil
	}
	if next := now.UTC().Format(stamp); next > fmt.Sprintf("%0*d", len(stamp), last) {
		return next, nil
	}
	moment, err := time.Parse(stamp, strconv.FormatUint(last, 10))
	if err != nil {
		return "", fmt.Errorf("%s has a version that is no moment and lies behind %s: count on from it (--sequential), or renumber it",
			newest(files).Up.Path, now.UTC().Format(stamp))
	}
	return moment.Add(time.Second).Format(stamp), nil
}

// maxVersion is the highest that golang-migrate's table can hold.
const maxVersion = 1<<63 - 1

func newest(files []plans.MigrationFile) plans.MigrationFile {
	return slices.MaxFunc(files, func(a, b plans.MigrationFile) int {
		switch {
		case a.Version < b.Version:
			return -1
		case a.Version > b.Version:
			return 1
		}
		return 0
	})
}
