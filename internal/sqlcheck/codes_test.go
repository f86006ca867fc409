package sqlcheck_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var looksLikeCode = regexp.MustCompile(`^[a-z]+(-[a-z]+)+$`)

// codesInSource are the codes that this package and pglint write into findings:
// the strings that stand for a code in their sources.
func codesInSource(t *testing.T) []string {
	t.Helper()
	var codes []string
	for _, pattern := range []string{"*.go", "../pglint/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if s, _ := strconv.Unquote(lit.Value); looksLikeCode.MatchString(s) {
						codes = append(codes, s)
					}
				}
				return true
			})
		}
	}
	if len(codes) < 50 {
		t.Fatalf("only %d codes", len(codes))
	}
	return codes
}
