package config

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-dev/lockstep/internal/diag"
)

// native returns the expression in the native syntax's own form, whichever
// syntax the file has, so that the rest of the package knows one form alone.
// In JSON every string is a template.
func native(expr hcl.Expression) (hclsyntax.Expression, diag.Diagnostics) {
	if e, ok := expr.(hclsyntax.Expression); ok {
		return e, nil
	}
	if items, ds := hcl.ExprList(expr); !ds.HasErrors() {
		return nativeList(expr, items)
	}
	if pairs, ds := hcl.ExprMap(expr); !ds.HasErrors() {
		return nativeObject(expr, pairs)
	}
	value, hds := expr.Value(nil)
	if hds.HasErrors() {
		return unknownExpression(expr.Range()), diag.FromHCL(hds)
	}
	if value.IsNull() || !value.Type().Equals(cty.String) {
		return &hclsyntax.LiteralValueExpr{Val: value, SrcRange: expr.Range()}, nil
	}
	return nativeTemplate(value.AsString(), expr.Range())
}

func unknownExpression(r hcl.Range) hclsyntax.Expression {
	return &hclsyntax.LiteralValueExpr{Val: cty.DynamicVal, SrcRange: r}
}

func nativeList(expr hcl.Expression, items []hcl.Expression) (hclsyntax.Expression, diag.Diagnostics) {
	tuple := &hclsyntax.TupleConsExpr{SrcRange: expr.Range(), OpenRange: expr.StartRange()}
	var ds diag.Diagnostics
	for _, item := range items {
		e, more := native(item)
		ds = append(ds, more...)
		tuple.Exprs = append(tuple.Exprs, e)
	}
	return tuple, ds
}

func nativeObject(expr hcl.Expression, pairs []hcl.KeyValuePair) (hclsyntax.Expression, diag.Diagnostics) {
	object := &hclsyntax.ObjectConsExpr{SrcRange: expr.Range(), OpenRange: expr.StartRange()}
	var ds diag.Diagnostics
	for _, pair := range pairs {
		key, more := native(pair.Key)
		ds = append(ds, more...)
		value, more := native(pair.Value)
		ds = append(ds, more...)
		object.Items = append(object.Items, hclsyntax.ObjectConsItem{KeyExpr: key, ValueExpr: value})
	}
	return object, ds
}

func nativeTemplate(source string, r hcl.Range) (hclsyntax.Expression, diag.Diagnostics) {
	start := hcl.Pos{Line: r.Start.Line, Column: r.Start.Column + 1, Byte: r.Start.Byte + 1}
	tokens, _ := hclsyntax.LexTemplate([]byte(source), r.Filename, start) // the parser reports what is wrong here
	ds := inspectTokens(tokens)
	if ds.HasErrors() {
		return unknownExpression(r), ds
	}
	e, hds := hclsyntax.ParseTemplate([]byte(source), r.Filename, start)
	ds = append(ds, diag.FromHCL(hds)...)
	if e == nil {
		e = unknownExpression(r)
	}
	return e, ds
}

// plainTraversal returns the reference that the whole expression is, or nil.
// The JSON form "${database.orders}" counts as one.
func plainTraversal(expr hclsyntax.Expression) hcl.Traversal {
	if wrap, ok := expr.(*hclsyntax.TemplateWrapExpr); ok {
		expr = wrap.Wrapped
	}
	traversal, ds := hcl.AbsTraversalForExpr(expr)
	if ds.HasErrors() {
		return nil
	}
	return traversal
}
