// Package nesting finds, before a parser sees them, texts of HCL that no
// parser or evaluation should be given: the library recurses without a limit
// of its own, and a stack overflow cannot be recovered from
// (hashicorp/hcl issue 809); a "for" inside of a "for" multiplies.
package nesting

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Limits that no real configuration comes near.
const (
	MaxDepth     = 200  // brackets that are open inside of each other
	MaxOperators = 1000 // of one expression
)

// Excess is the first place that goes over a limit.
type Excess struct {
	// Deep tells too many open brackets from too many operators.
	Deep  bool
	Range hcl.Range
	// Index is the token's; -1 in a JSON text.
	Index int
}

// String says what is wrong.
func (e *Excess) String() string {
	if e.Deep {
		return fmt.Sprintf("nesting deeper than %d", MaxDepth)
	}
	return fmt.Sprintf("an expression has more than %d operators", MaxOperators)
}

// Tokens counts brackets and operators; nil where all is within the limits.
func Tokens(tokens hclsyntax.Tokens) *Excess {
	var open []hclsyntax.TokenType
	operators := []int{0} // one count for each open bracket
	for i, token := range tokens {
		switch {
		case opens(token.Type):
			open = append(open, token.Type)
			operators = append(operators, 0)
			if len(open) > MaxDepth {
				return &Excess{Deep: true, Range: token.Range, Index: i}
			}
		case closes(token.Type) && len(open) > 0:
			open = open[:len(open)-1]
			operators = operators[:len(operators)-1]
		case token.Type == hclsyntax.TokenComma,
			token.Type == hclsyntax.TokenNewline && (len(open) == 0 || open[len(open)-1] == hclsyntax.TokenOBrace):
			operators[len(operators)-1] = 0
		case operator(token.Type):
			operators[len(operators)-1]++
			if operators[len(operators)-1] > MaxOperators {
				return &Excess{Range: token.Range, Index: i}
			}
		}
	}
	return nil
}

// JSON counts brackets outside of strings. Templates inside of strings are
// for Template, when they are parsed.
func JSON(name string, src []byte) *Excess {
	at := hcl.InitialPos
	depth, quoted, escaped := 0, false, false
	for i, c := range src {
		at.Byte = i
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '[' || c == '{':
			if depth++; depth > MaxDepth {
				return &Excess{Deep: true, Range: hcl.Range{Filename: name, Start: at, End: at}, Index: -1}
			}
		case c == ']' || c == '}':
			depth--
		}
		at.Column++
		if c == '\n' {
			at.Line, at.Column = at.Line+1, 1
		}
	}
	return nil
}

// Config counts in a file of the native syntax.
func Config(name string, src []byte) *Excess {
	tokens, _ := hclsyntax.LexConfig(src, name, hcl.InitialPos) // the parser reports what is wrong here
	return Tokens(tokens)
}

// Template parses a template unless it goes over a limit or is none.
func Template(name string, src []byte) (hclsyntax.Expression, bool) {
	tokens, _ := hclsyntax.LexTemplate(src, name, hcl.InitialPos) // as above
	if Tokens(tokens) != nil {
		return nil, false
	}
	e, diagnostics := hclsyntax.ParseTemplate(src, name, hcl.InitialPos)
	return e, !diagnostics.HasErrors()
}

// Multiplies reports whether evaluating an expression can take more work than
// its text is long: whether it holds a "for" or a splat.
func Multiplies(e hclsyntax.Expression) bool {
	found := false
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics { // the visitor never returns any
		switch n.(type) {
		case *hclsyntax.ForExpr, *hclsyntax.SplatExpr:
			found = true
		}
		return nil
	})
	return found
}

// Constant evaluates an expression that must follow from the context alone.
// What could multiply is not evaluated, and what JSON holds is one text.
func Constant(e hcl.Expression, context *hcl.EvalContext) (cty.Value, bool) {
	native, ok := e.(hclsyntax.Expression)
	if !ok { // without a context a text of JSON is not read as a template
		v, diagnostics := e.Value(nil)
		if diagnostics.HasErrors() || v.IsNull() || !v.IsWhollyKnown() || context == nil || v.Type() != cty.String {
			return v, !diagnostics.HasErrors() && !v.IsNull() && v.IsWhollyKnown()
		}
		if native, ok = Template(e.Range().Filename, []byte(v.AsString())); !ok {
			return cty.NilVal, false
		}
	}
	if Multiplies(native) {
		return cty.NilVal, false
	}
	v, diagnostics := native.Value(context)
	return v, !diagnostics.HasErrors() && !v.IsNull() && v.IsKnown()
}

func opens(t hclsyntax.TokenType) bool {
	switch t {
	case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
		return true
	}
	return false
}

func closes(t hclsyntax.TokenType) bool {
	switch t {
	case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
		return true
	}
	return false
}

func operator(t hclsyntax.TokenType) bool {
	switch t {
	case hclsyntax.TokenPlus, hclsyntax.TokenMinus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
		hclsyntax.TokenBang, hclsyntax.TokenQuestion, hclsyntax.TokenAnd, hclsyntax.TokenOr,
		hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq,
		hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq:
		return true
	}
	return false
}
