package queries

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// FileError is a place of a folder of SQL that cannot be read as statements.
type FileError struct {
	File    string
	Line    int
	Problem string
	Fix     string
}

// Error returns "FILE:LINE: PROBLEM; FIX".
func (e *FileError) Error() string {
	return fmt.Sprintf("%s:%d: %s; %s", e.File, e.Line, e.Problem, e.Fix)
}

// FromFolder reads every .sql file below a folder, in the order of their
// names; hidden folders are passed over. The error joins one *FileError for
// each place that cannot be read.
func FromFolder(folder fs.FS) (Workload, error) {
	w := Workload{Seen: Seen{Source: "folder"}}
	var mistakes []error
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if strings.HasPrefix(entry.Name(), ".") && name != "." {
				return fs.SkipDir
			}
			return nil
		case path.Ext(name) != ".sql":
			return nil
		}
		src, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		found, leftOut, err := readFile(name, src)
		mistakes = append(mistakes, err)
		w.Statements = append(w.Statements, found...)
		w.Seen.LeftOut += leftOut
		return nil
	})
	if err != nil {
		return Workload{}, fmt.Errorf("read the folder of queries: %w", err)
	}
	w.Seen.Statements = len(w.Statements)
	mistakes = append(mistakes, sameNames(w.Statements)...)
	return w, errors.Join(mistakes...)
}

// readFile cuts one file into its statements. What is no query is counted and
// left out.
func readFile(file string, src []byte) (found []Statement, leftOut int, err error) {
	statements, err := sqlscan.Split(src)
	if err != nil {
		if at := (*sqlscan.Error)(nil); errors.As(err, &at) {
			err = &FileError{file, at.Line, at.Problem, at.Fix}
		}
		return nil, 0, err
	}
	r := folderReader{file: file, src: src}
	for _, s := range statements {
		r.read(s)
	}
	if at, label, _ := nameIn(string(src[r.end:])); label != "" {
		r.refuse(r.line(r.end+at), "no statement follows the name "+label, "write the statement below its name, or remove the name")
	}
	return r.found, r.leftOut, errors.Join(r.mistakes...)
}

// folderReader is one file on the way.
type folderReader struct {
	file     string
	src      []byte
	end      int // of the statement before
	found    []Statement
	leftOut  int
	mistakes []error
}

func (r *folderReader) read(s sqlscan.Statement) {
	at, name, command := nameIn(string(r.src[r.end:s.Offset]))
	if command != "" && !slices.Contains(sqlcCommands(), command) {
		r.refuse(r.line(r.end+at), fmt.Sprintf("the query %s has the command %q", name, command), "expected one of "+strings.Join(sqlcCommands(), ", "))
	}
	r.end = s.Offset + len(s.Text)
	if strings.HasPrefix(s.Text, `\`) {
		r.refuse(s.Line, fmt.Sprintf("%s is a command of psql, expected SQL", strings.Fields(s.Text)[0]), "remove it")
		return
	}
	inner, ok := query(s.Text)
	if !ok {
		r.leftOut++
		return
	}
	sql, parameters, err := numbered(inner)
	if err != nil {
		r.refuse(s.Line, err.Error(), "write $1, @name, :name, sqlc.arg(name), sqlc.narg(name) or sqlc.slice(name)")
		return
	}
	r.found = append(r.found, Statement{SQL: sql, Parameters: parameters, Name: name, File: r.file, Line: s.Line})
}

func (r *folderReader) refuse(line int, problem, fix string) {
	r.mistakes = append(r.mistakes, &FileError{r.file, line, problem, fix})
}

func (r *folderReader) line(offset int) int { return 1 + strings.Count(string(r.src[:offset]), "\n") }

// nameLine is sqlc's line before a query.
// Source: docs.sqlc.dev, "Query annotations".
var nameLine = regexp.MustCompile(`(?m)^[ \t;]*(?:--|/\*)[ \t]*name:[ \t]*(\S+)[ \t]+(:\S*)`)

// nameIn finds the last name in the text before a statement: where it stands,
// the query's name, and the command.
func nameIn(text string) (offset int, name, command string) {
	all := nameLine.FindAllStringSubmatchIndex(text, -1)
	if len(all) == 0 {
		return 0, "", ""
	}
	m := all[len(all)-1]
	return m[2], text[m[2]:m[3]], text[m[4]:m[5]]
}

func sqlcCommands() []string {
	return []string{
		":one", ":many", ":exec", ":execrows", ":execresult", ":execlastid",
		":batchexec", ":batchmany", ":batchone", ":copyfrom",
	}
}

// sameNames finds names that two statements of one folder share, which sqlc
// refuses: a break could not be told apart.
func sameNames(statements []Statement) []error {
	type place struct{ folder, name string }
	first := map[place]Statement{}
	var mistakes []error
	for _, s := range statements {
		at := place{path.Dir(s.File), s.Name}
		before, taken := first[at]
		switch {
		case s.Name == "":
		case taken:
			mistakes = append(mistakes, &FileError{s.File, s.Line, fmt.Sprintf("the name %s is taken by %s:%d", s.Name, before.File, before.Line), "give each query a name of its own"})
		default:
			first[at] = s
		}
	}
	return mistakes
}
