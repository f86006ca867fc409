package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"

	"github.com/lockstep-dev/lockstep/internal/diag"
)

// Where language files are looked for, and how they are recognised.
const (
	changesFolder = "changes"
	nativeSuffix  = ".lockstep.hcl"
	jsonSuffix    = ".lockstep.json"
	autoSuffix    = ".auto.lockstepvars.hcl"
	valuesSuffix  = ".lockstepvars.hcl"
)

// Project is everything that the language files of one folder say. It is made
// by Load. Its methods may be used by several goroutines at once.
type Project struct {
	files *fileReader
	root  *block
	// named are the locals by name; of two with one name the first.
	named map[string]*argument
	// static is what Load found; Validate returns it again.
	static diag.Diagnostics
}

// Load reads *.lockstep.hcl and *.lockstep.json in the root of fsys and in
// changes/. It returns what it could read together with all errors: syntax,
// unknown blocks and arguments, duplicates, references to what does not exist,
// cycles. The project is never nil.
func Load(fsys fs.FS) (*Project, diag.Diagnostics) {
	p := &Project{
		files: newFileReader(fsys),
		root:  &block{doc: &BlockDoc{Repeatable: true}, args: map[string]*argument{}},
	}
	names, ds := languageFiles(fsys)
	p.static = ds
	if len(names) == 0 && !ds.HasErrors() {
		p.static = append(p.static, mistake{
			"no-files", "No language files found",
			"A project is a folder with files named *" + nativeSuffix + " or *" + jsonSuffix + ", in the folder itself or in " + changesFolder + "/.",
			"Go to the project's folder (-C DIR), or start one with: lockstep init",
		}.at(hcl.Range{}))
	}
	docs := Language()
	for _, name := range names {
		p.static = append(p.static, p.loadFile(name, docs)...)
	}
	p.named = p.collectLocals()
	p.static = append(p.static, p.checkStatically()...)
	p.static.Sort()
	return p, p.static
}

func languageFiles(fsys fs.FS) ([]string, diag.Diagnostics) {
	var names []string
	var ds diag.Diagnostics
	for _, folder := range []string{".", changesFolder} {
		entries, err := fs.ReadDir(fsys, folder)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) || folder == "." {
				ds = append(ds, unreadable(folder, err))
			}
			continue
		}
		for _, entry := range entries {
			name := entry.Name()
			if !entry.IsDir() && (strings.HasSuffix(name, nativeSuffix) || strings.HasSuffix(name, jsonSuffix)) {
				names = append(names, path.Join(folder, name))
			}
		}
	}
	return names, ds
}

// unreadable reports a file that cannot be read, without the machine's own
// path in front.
func unreadable(name string, err error) diag.Diagnostic {
	reason := err
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		reason = pathError.Err
	}
	return mistake{
		"unreadable-file", fmt.Sprintf("Cannot read %s", name),
		fmt.Sprintf("Reading it failed: %v.", reason), "Check the name and its permissions.",
	}.at(hcl.Range{Filename: name})
}

func (p *Project) loadFile(name string, docs []BlockDoc) diag.Diagnostics {
	src, err := p.files.readLanguage(name)
	if err != nil {
		return diag.Diagnostics{unreadable(name, err)}
	}
	ds := inspect(name, src)
	if stops(ds) {
		return ds
	}
	file, hds := parse(name, src)
	ds = append(ds, diag.FromHCL(hds)...)
	if file == nil || file.Body == nil {
		return ds
	}
	d := &decoder{file: file}
	d.body(file.Body, docs, p.root)
	return append(ds, d.ds...)
}

// stops reports whether a file must not be parsed at all. What inspect says
// about text alone does not stop the reading.
func stops(ds diag.Diagnostics) bool {
	for _, d := range ds {
		switch d.Code {
		case "file-too-large", "invalid-utf-8", "nesting-too-deep", "expression-too-long":
			return true
		}
	}
	return false
}

func parse(name string, src []byte) (*hcl.File, hcl.Diagnostics) {
	if strings.HasSuffix(name, ".json") {
		return json.Parse(src, name)
	}
	return hclsyntax.ParseConfig(src, name, hcl.InitialPos)
}
