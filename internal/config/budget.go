package config

import (
	"errors"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// Limits of the evaluation of one expression. Four nested "for" over forty
// elements already take eleven seconds, and nothing in the HCL library can be
// interrupted, so the expressions are made to count for themselves.
const (
	maxElements = 100_000
	maxText     = 16 << 20 // bytes
	maxTime     = 2 * time.Second
)

// meter is the name of the function that counts; it cannot be written in a
// file because of its space.
const meter = "lockstep meter"

var errBudget = errors.New("expression too large (limit 100,000 elements / 16 MiB of text / 2 s)")

// budget counts what one expression's evaluation uses.
type budget struct {
	elements, text int
	exceeded       bool // stays true even where try() or can() hide the error
	deadline       time.Time
	now            func() time.Time
}

func newBudget() *budget {
	b := &budget{now: time.Now}
	b.reset()
	return b
}

func (b *budget) reset() {
	b.elements, b.text, b.exceeded = 0, 0, false
	b.deadline = b.now().Add(maxTime)
}

// charge counts a value with everything below it, and stops counting when the
// budget is used up: values that share parts can be far larger to walk than
// they are in memory.
func (b *budget) charge(v cty.Value) error {
	if b.exceeded || !b.measure(v) || b.now().After(b.deadline) {
		b.exceeded = true
		return errBudget
	}
	return nil
}

func (b *budget) measure(v cty.Value) bool {
	v, _ = v.Unmark()
	b.elements++
	if v.IsKnown() && !v.IsNull() {
		switch t := v.Type(); {
		case t == cty.String:
			b.text += len(v.AsString())
		case v.CanIterateElements():
			for it := v.ElementIterator(); it.Next(); {
				if _, element := it.Element(); !b.measure(element) {
					return false
				}
			}
		}
	}
	return b.elements <= maxElements && b.text <= maxText
}

// function returns the identity function that counts its argument.
func (b *budget) function() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{
			Name: "value", Type: cty.DynamicPseudoType,
			AllowNull: true, AllowUnknown: true, AllowDynamicType: true, AllowMarked: true,
		}},
		Type: func(args []cty.Value) (cty.Type, error) { return args[0].Type(), nil },
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return args[0], b.charge(args[0]) },
	})
}

// metered rewrites the expression in place so that everything that multiplies
// work is counted: what "for" and splats run over, what "for" yields, what
// functions get, and the parts of templates.
func metered(expr hclsyntax.Expression) hclsyntax.Expression {
	// The visitor never returns a diagnostic.
	_ = hclsyntax.VisitAll(expr, func(node hclsyntax.Node) hcl.Diagnostics {
		switch e := node.(type) {
		case *hclsyntax.ForExpr:
			e.CollExpr = counted(e.CollExpr)
			e.ValExpr = counted(e.ValExpr)
		case *hclsyntax.SplatExpr:
			e.Source = counted(e.Source)
		case *hclsyntax.TemplateExpr:
			for i, part := range e.Parts {
				e.Parts[i] = counted(part)
			}
		case *hclsyntax.FunctionCallExpr:
			if e.Name == meter {
				return nil
			}
			for i, arg := range e.Args {
				e.Args[i] = counted(arg)
			}
		}
		return nil
	})
	return expr
}

func counted(expr hclsyntax.Expression) hclsyntax.Expression {
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		return expr
	case *hclsyntax.FunctionCallExpr:
		if e.Name == meter {
			return expr
		}
	}
	r := expr.Range()
	return &hclsyntax.FunctionCallExpr{
		Name: meter, Args: []hclsyntax.Expression{expr},
		NameRange: r, OpenParenRange: r, CloseParenRange: r,
	}
}
