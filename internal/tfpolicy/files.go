package tfpolicy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-dev/lockstep/internal/nesting"
	"github.com/lockstep-dev/lockstep/plans"
)

// reading names the functions whose first argument is a path
// (https://developer.hashicorp.com/terraform/language/functions/file and its
// neighbours).
func reading() []string {
	return []string{
		"file", "filebase64", "fileexists", "fileset", "templatefile", "filemd5",
		"filesha1", "filesha256", "filesha512", "filebase64sha256", "filebase64sha512",
	}
}

// calls looks at every call of a function in a body of the native syntax.
func (c *checker) calls(name string, body hcl.Body) {
	native, ok := body.(*hclsyntax.Body)
	if !ok {
		return
	}
	_ = hclsyntax.VisitAll(native, func(n hclsyntax.Node) hcl.Diagnostics {
		c.call(name, n, 0)
		return nil
	})
}

// jsonCalls looks at the templates in the texts of a JSON file.
func (c *checker) jsonCalls(name string, content []byte) {
	d := json.NewDecoder(bytes.NewReader(content))
	for {
		token, err := d.Token()
		if err != nil {
			return // blocks says that it cannot be read
		}
		written, ok := token.(string)
		if !ok || !strings.Contains(written, "${") && !strings.Contains(written, "%{") {
			continue
		}
		line := 1 + bytes.Count(content[:d.InputOffset()], []byte("\n"))
		if e, ok := nesting.Template(name, []byte(written)); ok {
			c.within(e, name, line)
		}
	}
}

func (c *checker) within(e hclsyntax.Expression, name string, line int) {
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		c.call(name, n, line)
		return nil
	})
}

// template looks into a file that templatefile renders: what it calls is
// called, file among it.
func (c *checker) template(name string, at hcl.Range) {
	content, ok := c.sources.Files[name]
	if !ok || c.rendered[name] {
		return
	}
	c.rendered[name] = true
	e, ok := nesting.Template(name, content)
	if !ok {
		c.add(Finding{
			Rule: "terraform-unreadable", Severity: plans.SeverityError, File: name, Line: 1,
			Message: fmt.Sprintf("the template cannot be read, which %s:%d renders", at.Filename, at.Start.Line), Fix: "correct its syntax",
		})
		return
	}
	c.within(e, name, 0)
}

// call looks at one node; line is where it stands, 0 for where it says.
func (c *checker) call(name string, n hclsyntax.Node, line int) {
	f, ok := n.(*hclsyntax.FunctionCallExpr)
	if !ok || len(f.Args) == 0 {
		return
	}
	at := f.NameRange
	at.Filename = name
	if line > 0 {
		at.Start.Line = line
	}
	function := strings.TrimPrefix(f.Name, "core::")
	switch {
	case function == "templatestring":
		c.add(Finding{
			Rule: "terraform-file-computed", Severity: plans.SeverityWarning, File: name, Line: at.Start.Line, Subject: "computed-file",
			Message: "templatestring renders a text that follows from other values: it may read any file that the planner can read",
		})
	case slices.Contains(reading(), function):
		if target, ok := c.read(f.Name, f.Args[0], at); ok && function == "templatefile" {
			c.template(target, at)
		}
	}
}

// project stands for the project's folder in paths that are evaluated.
const project = "\x00project/"

// read looks at a path that is read while a plan is made, and returns it where
// it is one of the sources'. Relative paths begin in the root module, where
// Terraform runs.
func (c *checker) read(by string, e hcl.Expression, at hcl.Range) (inside string, ok bool) {
	written, known := text(e, &hcl.EvalContext{Variables: map[string]cty.Value{"path": cty.ObjectVal(map[string]cty.Value{
		"module": cty.StringVal(project + path.Dir(at.Filename)),
		"root":   cty.StringVal(project + c.sources.Root),
		"cwd":    cty.StringVal(project + c.sources.Root),
	})}})
	if !known {
		c.add(Finding{
			Rule: "terraform-file-computed", Severity: plans.SeverityWarning, File: at.Filename, Line: at.Start.Line, Subject: "computed-file",
			Message: by + " reads a path that follows from other values: it may be any file that the planner can read",
		})
		return "", false
	}
	target, inProject := strings.CutPrefix(written, project)
	if !inProject && !path.IsAbs(written) {
		target, inProject = path.Join(c.sources.Root, written), true
	}
	target = path.Clean(target)
	if inProject && !strings.HasPrefix(written, "~") && c.contains(target) {
		return target, true
	}
	c.add(Finding{
		Rule: "terraform-file-outside", Severity: plans.SeverityError, File: at.Filename, Line: at.Start.Line, Subject: "file",
		Message: fmt.Sprintf("%s reads %q, which lies outside of the module, while a plan is made", by, strings.ReplaceAll(written, project, "")),
	})
	return "", false
}

// contains reports whether a path is at or below a folder of the sources.
func (c *checker) contains(target string) bool {
	if target == ".." || strings.HasPrefix(target, "../") {
		return false
	}
	for folder := target; ; folder = path.Dir(folder) {
		if c.folders[folder] {
			return true
		}
		if folder == "." || folder == "/" {
			return false
		}
	}
}
