package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// reference is a name in an expression, taken apart: "artifact.file.api.path"
// gives the parts artifact, file, api, path.
type reference struct {
	parts []string
	place hcl.Range
}

func referenceOf(traversal hcl.Traversal) reference {
	r := reference{place: traversal.SourceRange()}
	for _, step := range traversal {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			r.parts = append(r.parts, s.Name)
		case hcl.TraverseAttr:
			r.parts = append(r.parts, s.Name)
		case hcl.TraverseIndex:
			if key := textOf(s.Key); key != "" {
				r.parts = append(r.parts, key)
				continue
			}
			return r
		default:
			return r
		}
	}
	return r
}

// addressLength is how many parts the address of a block kind has, or 0 when
// blocks of the kind cannot be referred to.
func addressLength(kind string) int {
	switch kind {
	case "database", "terraform", "migration", "backfill", "environment", "change_set":
		return 2
	case "artifact", "deployment", "check":
		return 3
	}
	return 0
}

// address returns the address of the block that is referred to, or "".
func (r reference) address() string {
	if n := addressLength(r.parts[0]); n > 0 && len(r.parts) >= n {
		return strings.Join(r.parts[:n], ".")
	}
	return ""
}

func (r reference) text() string { return cut(strings.Join(r.parts, ".")) }

// referencesIn returns every name an expression uses, except those that the
// expression itself declares.
func referencesIn(expr hclsyntax.Expression) []reference {
	var references []reference
	for _, traversal := range expr.Variables() {
		references = append(references, referenceOf(traversal))
	}
	return references
}

// listed returns the elements of an expression that must be a list of
// references, or the expression itself.
func listed(expr hclsyntax.Expression) ([]hclsyntax.Expression, bool) {
	if tuple, ok := expr.(*hclsyntax.TupleConsExpr); ok {
		return tuple.Exprs, true
	}
	return []hclsyntax.Expression{expr}, false
}

// addressesIn returns the addresses that a reference argument lists.
func addressesIn(arg *argument) []string {
	if arg == nil {
		return nil
	}
	var addresses []string
	elements, _ := listed(arg.expr)
	for _, element := range elements {
		traversal := plainTraversal(element)
		if traversal == nil {
			continue
		}
		if address := referenceOf(traversal).address(); address != "" && !slices.Contains(addresses, address) {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

// namesIn returns the last part of each address, in the order written.
func namesIn(arg *argument) []string {
	var names []string
	for _, address := range addressesIn(arg) {
		names = append(names, address[strings.LastIndexByte(address, '.')+1:])
	}
	return names
}

// referenceKinds says which kinds of blocks an argument type refers to, and
// whether it takes a list.
func referenceKinds(t Type) (kinds []string, list bool) {
	switch t {
	case TypeDatabase:
		return []string{"database"}, false
	case TypeArtifact:
		return []string{"artifact"}, false
	case TypeChecks:
		return []string{"check"}, true
	case TypeBlocks:
		return []string{"terraform", "migration", "backfill", "artifact", "deployment", "check"}, true
	case TypeEnvironment:
		return []string{"environment"}, true
	case TypeChangeSets:
		return []string{"change_set"}, true
	}
	return nil, false
}

func expectedReference(kinds []string) string {
	if len(kinds) > 1 {
		return "a reference such as terraform.cache or check.http.ready"
	}
	if addressLength(kinds[0]) == 3 {
		return fmt.Sprintf("a reference such as %s.TYPE.NAME", kinds[0])
	}
	return fmt.Sprintf("a reference such as %s.NAME", kinds[0])
}
