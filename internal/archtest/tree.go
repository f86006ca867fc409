package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
)

// Tree is a module's Go sources as far as the rules look at them.
type Tree struct {
	Module string
	Top    []string // names in the top folder, sorted
	Files  []File   // in order of path
}

// File is one Go file outside of testdata.
type File struct {
	Path       string // slash-separated, relative to the module
	Package    string // folder, relative to the module
	Name       string // the name in its package clause
	Test       bool
	Documented bool // has a package comment
	Lines      int
	Imports    []Import
}

// Import is one import of a file.
type Import struct {
	Path string
	Line int
}

// Load reads the module that root holds. Folders that Go ignores (testdata,
// names with a leading dot or underscore) and nested modules are left out.
func Load(root fs.FS) (*Tree, error) {
	mod, err := fs.ReadFile(root, "go.mod")
	if err != nil {
		return nil, fmt.Errorf("load tree: %w", err)
	}
	tree := &Tree{Module: modfile.ModulePath(mod)}
	entries, err := fs.ReadDir(root, ".")
	if err != nil {
		return nil, fmt.Errorf("load tree: %w", err)
	}
	for _, e := range entries {
		tree.Top = append(tree.Top, e.Name())
	}
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && ignored(root, name):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		file, err := readFile(root, name)
		tree.Files = append(tree.Files, file)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load tree: %w", err)
	}
	return tree, nil
}

func ignored(root fs.FS, folder string) bool {
	if folder == "." {
		return false
	}
	base := path.Base(folder)
	if base == "testdata" || base[0] == '.' || base[0] == '_' {
		return true
	}
	_, err := fs.Stat(root, path.Join(folder, "go.mod"))
	return err == nil
}

func readFile(root fs.FS, name string) (File, error) {
	src, err := fs.ReadFile(root, name)
	if err != nil {
		return File{}, err
	}
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, name, src, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return File{}, err
	}
	file := File{
		Path:       name,
		Package:    path.Dir(name),
		Name:       parsed.Name.Name,
		Test:       strings.HasSuffix(name, "_test.go"),
		Documented: parsed.Doc != nil && parsed.Doc.Text() != "",
		Lines:      bytes.Count(src, []byte("\n")),
	}
	for _, spec := range parsed.Imports {
		file.Imports = append(file.Imports, importOf(set, spec))
	}
	return file, nil
}

func importOf(set *token.FileSet, spec *ast.ImportSpec) Import {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		p = spec.Path.Value
	}
	return Import{Path: p, Line: set.Position(spec.Pos()).Line}
}

// Own returns the folder of an import of this module.
func (t *Tree) Own(importPath string) (folder string, own bool) {
	return strings.CutPrefix(importPath, t.Module+"/")
}
