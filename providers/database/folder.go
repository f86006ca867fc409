package database

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// FileError is one thing that is wrong with a migrations folder.
type FileError struct {
	File         string // slash-separated, relative to the project
	Line, Column int    // 0 when it is about the file as a whole
	Found        string
	Expected     string
	Fix          string
}

// Error returns "FILE:LINE:COLUMN: found FOUND, expected EXPECTED; FIX".
func (e *FileError) Error() string {
	place := e.File
	if e.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
	}
	return fmt.Sprintf("%s: found %s, expected %s; %s", place, e.Found, e.Expected, e.Fix)
}

// Summary is the error without its place and its cure.
func (e *FileError) Summary() string { return e.Found + ", expected " + e.Expected }

// maxFileSize keeps a migration reviewable. Bulk data belongs in a backfill.
const maxFileSize = 16 << 20

// ReadFolder reads every migration of dir in version order, up and down, with
// their digests. It takes golang-migrate's layout strictly: whatever that
// tool would skip or take by surprise is an error here. The error joins one
// *FileError for each problem, in order of file name. Files that are no SQL
// are ignored.
func ReadFolder(fsys fs.FS, dir string) ([]plans.MigrationFile, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read migrations folder %s: %w", dir, pathReason(err))
	}
	sources, errs := recognise(entries, dir)
	errs = append(errs, readAll(fsys, sources)...)
	files, pairErrs := pair(sources)
	errs = append(errs, pairErrs...)
	slices.SortStableFunc(errs, func(a, b *FileError) int { return strings.Compare(a.File, b.File) })
	if len(errs) > 0 {
		return nil, join(errs)
	}
	return files, nil
}

func join(errs []*FileError) error {
	list := make([]error, len(errs))
	for i, e := range errs {
		list[i] = e
	}
	return errors.Join(list...)
}

// source is one file of the folder that is a migration by its name.
type source struct {
	version   uint64
	name      string
	direction string
	file      plans.SQLFile
}

// strictName is what we take; looseName is what golang-migrate would take
// (source.Regex of golang-migrate v4).
const strictName, looseName = `^([0-9]+)_(.+)\.(up|down)\.sql$`, `^([0-9]+)_(.*)\.(down|up)\.(.*)$`

func recognise(entries []fs.DirEntry, dir string) ([]*source, []*FileError) {
	strict, loose := regexp.MustCompile(strictName), regexp.MustCompile(looseName)
	var sources []*source
	var errs []*FileError
	for _, entry := range entries {
		file := path.Join(dir, entry.Name())
		m := strict.FindStringSubmatch(entry.Name())
		if m == nil {
			if e := stray(file, entry, loose); e != nil {
				errs = append(errs, e)
			}
			continue
		}
		if !entry.Type().IsRegular() {
			errs = append(errs, &FileError{
				File: file, Found: describeMode(entry.Type()),
				Expected: "a regular file", Fix: "replace it by the file itself",
			})
			continue
		}
		version, e := parseVersion(file, m[1])
		if e != nil {
			errs = append(errs, e)
			continue
		}
		sources = append(sources, &source{version: version, name: m[2], direction: m[3], file: plans.SQLFile{Path: file}})
	}
	return sources, errs
}

// stray judges a name that is no migration: SQL files must not be skipped in
// silence, and names that golang-migrate takes must not be around.
func stray(file string, entry fs.DirEntry, loose *regexp.Regexp) *FileError {
	const expected = "a name such as 0007_add_status.up.sql or 0007_add_status.down.sql"
	name := entry.Name()
	switch {
	case loose.MatchString(name):
		return &FileError{
			File: file, Found: strconv.Quote(name) + ", which golang-migrate takes as a migration",
			Expected: expected, Fix: "rename it, or move it out of the folder",
		}
	case len(name) >= 4 && strings.EqualFold(name[len(name)-4:], ".sql") && !entry.IsDir():
		return &FileError{
			File: file, Found: strconv.Quote(name) + ", which golang-migrate skips in silence",
			Expected: expected, Fix: "rename it, or move it out of the folder",
		}
	default:
		return nil
	}
}

func describeMode(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	default:
		return "a special file"
	}
}

func parseVersion(file, digits string) (uint64, *FileError) {
	version, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || version == 0 || version > math.MaxInt64 {
		return 0, &FileError{
			File: file, Found: "version " + digits,
			Expected: fmt.Sprintf("1 to %d", int64(math.MaxInt64)), Fix: "renumber the file",
		}
	}
	return version, nil
}

// readAll reads and hashes side by side: a folder can hold 20,000 files, and
// most of the time is spent in opening them.
func readAll(fsys fs.FS, sources []*source) []*FileError {
	found := make([]*FileError, len(sources))
	var group errgroup.Group
	workers := 2 * runtime.GOMAXPROCS(0)
	for w := range workers {
		group.Go(func() error {
			for i := w; i < len(sources); i += workers {
				found[i] = sources[i].read(fsys)
			}
			return nil
		})
	}
	_ = group.Wait()
	return slices.DeleteFunc(found, func(e *FileError) bool { return e == nil })
}

func (s *source) read(fsys fs.FS) *FileError {
	content, e := readFile(fsys, s.file.Path)
	if e != nil {
		return e
	}
	if s.direction == "up" && len(content) == 0 {
		return &FileError{File: s.file.Path, Found: "an empty file", Expected: "SQL", Fix: "write the change, or delete the file"}
	}
	if err := sqlscan.CheckText(content); err != nil {
		var place *sqlscan.Error
		errors.As(err, &place)
		return &FileError{
			File: s.file.Path, Line: place.Line, Column: place.Column,
			Found: strings.TrimSuffix(place.Problem, ", expected UTF-8"), Expected: "UTF-8 text", Fix: place.Fix,
		}
	}
	s.file.Bytes, s.file.Digest = content, plans.DigestOf(content)
	return nil
}

func readFile(fsys fs.FS, file string) ([]byte, *FileError) {
	if disk, ok := fsys.(Disk); ok {
		content, size, err := disk.readSmall(file, maxFileSize)
		switch {
		case err != nil:
			return nil, unreadable(file, err)
		case size > maxFileSize:
			return nil, tooLarge(file, size)
		}
		return content, nil
	}
	f, err := fsys.Open(file)
	if err != nil {
		return nil, unreadable(file, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, unreadable(file, err)
	}
	if info.Size() > maxFileSize {
		return nil, tooLarge(file, info.Size())
	}
	content := make([]byte, info.Size())
	if _, err := io.ReadFull(f, content); err != nil {
		return nil, unreadable(file, err)
	}
	return content, nil
}

func tooLarge(file string, size int64) *FileError {
	return &FileError{
		File: file, Found: fmt.Sprintf("%d bytes", size),
		Expected: fmt.Sprintf("at most %d", maxFileSize), Fix: "load bulk data by a backfill",
	}
}

func unreadable(file string, err error) *FileError {
	return &FileError{
		File: file, Found: pathReason(err).Error(),
		Expected: "a file that can be read", Fix: "check its permissions",
	}
}

// pathReason drops the path from an error that will be printed with one.
func pathReason(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// pair puts both directions of a version together.
func pair(sources []*source) ([]plans.MigrationFile, []*FileError) {
	slices.SortFunc(sources, func(a, b *source) int {
		if a.version != b.version {
			if a.version < b.version {
				return -1
			}
			return 1
		}
		return strings.Compare(a.file.Path, b.file.Path)
	})
	var files []plans.MigrationFile
	var errs []*FileError
	for len(sources) > 0 {
		n := 1
		for n < len(sources) && sources[n].version == sources[0].version {
			n++
		}
		file, e := combine(sources[:n])
		if e != nil {
			errs = append(errs, e)
		}
		files = append(files, file)
		sources = sources[n:]
	}
	return files, errs
}

// combine makes one migration of the files that have the same version.
func combine(same []*source) (plans.MigrationFile, *FileError) {
	file := plans.MigrationFile{Version: same[0].version, Name: same[0].name}
	for _, s := range same {
		slot := &file.Up
		if s.direction == "down" {
			slot = &file.Down
		}
		if slot.Path != "" || plans.FileID(s.file.Path) != plans.FileID(same[0].file.Path) {
			return file, &FileError{
				File: s.file.Path, Found: fmt.Sprintf("version %d again", s.version),
				Expected: "each version once; " + same[0].file.Path + " has it", Fix: "give it a version of its own",
			}
		}
		*slot = s.file
	}
	if file.Up.Path == "" {
		return file, &FileError{
			File: file.Down.Path, Found: "a down file without its up file",
			Expected: plans.FileID(file.Down.Path) + ".up.sql beside it", Fix: "add it, or delete the down file",
		}
	}
	return file, nil
}
