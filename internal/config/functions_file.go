package config

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/lockstep-dev/lockstep/internal/diag"
)

func (e *evaluation) fileFunction() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			src, err := e.textFile(args[0].AsString())
			return cty.StringVal(src), err
		},
	})
}

func (e *evaluation) textFile(name string) (string, error) {
	src, err := e.project.files.expressionFile(name)
	switch {
	case errors.Is(err, errOutside):
		return "", function.NewArgErrorf(0, "%q: %v; files are read from the project alone", cut(name), err)
	case err != nil:
		return "", function.NewArgErrorf(0, "%s", unreadable(cut(name), err).Detail)
	case !utf8.Valid(src):
		return "", function.NewArgErrorf(0, "%q is not UTF-8 text", name)
	}
	return string(src), nil
}

func (e *evaluation) filesetFunction() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "folder", Type: cty.String}, {Name: "pattern", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Set(cty.String)),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return e.fileset(args[0].AsString(), args[1].AsString())
		},
	})
}

// fileset lists files, "**" matching any number of folders. Every match is
// read and remembered, so that the same list comes out of a bundle.
func (e *evaluation) fileset(folder, pattern string) (cty.Value, error) {
	none := cty.SetValEmpty(cty.String)
	root, err := inProject(folder)
	if err != nil {
		return none, function.NewArgErrorf(0, "%q: %v", cut(folder), err)
	}
	if _, err := path.Match(strings.ReplaceAll(pattern, "**", "*"), ""); err != nil {
		return none, function.NewArgErrorf(1, "%q is not a pattern", cut(pattern))
	}
	var found []cty.Value
	err = fs.WalkDir(e.project.files.fsys, root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative := strings.TrimPrefix(strings.TrimPrefix(name, root), "/")
		if root == "." {
			relative = name
		}
		if !entry.Type().IsRegular() || !matches(strings.Split(pattern, "/"), strings.Split(relative, "/")) {
			return nil
		}
		if len(found) >= maxElements/10 {
			return tooLarge("too many files match")
		}
		found = append(found, cty.StringVal(relative))
		_, err = e.project.files.expressionFile(name)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return none, function.NewArgErrorf(0, "%s", unreadable(cut(folder), err).Detail)
	}
	if len(found) == 0 {
		return none, nil
	}
	return cty.SetVal(found), nil
}

func matches(pattern, name []string) bool {
	if len(pattern) == 0 || len(name) == 0 {
		return len(pattern) == len(name)
	}
	if pattern[0] == "**" {
		return matches(pattern[1:], name) || matches(pattern, name[1:])
	}
	ok, err := path.Match(pattern[0], name[0])
	return ok && err == nil && matches(pattern[1:], name[1:])
}

// templatefileFunction renders a file with values. A template cannot call
// templatefile itself, so it cannot call itself.
func (e *evaluation) templatefileFunction(others map[string]function.Function) function.Function {
	inside := map[string]function.Function{}
	for name, f := range others {
		inside[name] = f
	}
	inside[meter] = e.budget.function()
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}, {Name: "values", Type: cty.DynamicPseudoType}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return e.render(args[0].AsString(), args[1], inside)
		},
	})
}

func (e *evaluation) render(name string, values cty.Value, inside map[string]function.Function) (cty.Value, error) {
	failed := cty.UnknownVal(cty.String)
	src, err := e.textFile(name)
	if err != nil {
		return failed, err
	}
	if t := values.Type(); !t.IsObjectType() && !t.IsMapType() {
		return failed, function.NewArgErrorf(1, "an object is required")
	}
	tokens, _ := hclsyntax.LexTemplate([]byte(src), name, hcl.InitialPos) // the parser reports what is wrong here
	if ds := inspectTokens(tokens); stops(ds) {
		return failed, ds.Err()
	}
	template, hds := hclsyntax.ParseTemplate([]byte(src), name, hcl.InitialPos)
	if hds.HasErrors() {
		return failed, diag.FromHCL(hds).Err()
	}
	value, hds := metered(template).Value(&hcl.EvalContext{Variables: values.AsValueMap(), Functions: inside})
	if hds.HasErrors() {
		return failed, diag.FromHCL(hds).Err()
	}
	return value, nil
}
