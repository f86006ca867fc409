package config

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// bounded refuses a call whose result would be far larger than its arguments,
// before the memory is taken. The estimate is in bytes.
func bounded(f function.Function, estimate func(args []cty.Value) float64) function.Function {
	spec := function.Spec{
		Params:   f.Params(),
		VarParam: f.VarParam(),
		Type: func(args []cty.Value) (cty.Type, error) {
			if known(args) && estimate(args) > maxText {
				return cty.DynamicPseudoType, tooLarge("the result would be too large")
			}
			return f.ReturnTypeForValues(args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return f.Call(args) },
	}
	return function.New(&spec)
}

func known(args []cty.Value) bool {
	for _, arg := range args {
		if arg.IsMarked() || !arg.IsWhollyKnown() || arg.IsNull() || arg.ContainsMarked() {
			return false
		}
	}
	return true
}

func size(v cty.Value) float64 {
	switch {
	case v.Type() == cty.String:
		return float64(len(v.AsString()))
	case v.CanIterateElements():
		return float64(v.LengthInt())
	}
	return 1
}

var formatNumbers = regexp.MustCompile(`[0-9]+`)

// formatSize adds up the widths and precisions of a format text, times the
// elements of the longest list.
func formatSize(args []cty.Value) float64 {
	if args[0].Type() != cty.String {
		return 0
	}
	total, times := 0.0, 1.0
	for _, digits := range formatNumbers.FindAllString(args[0].AsString(), -1) {
		n, _ := strconv.ParseFloat(digits, 64) // digits always parse, at worst as infinite
		total += n
	}
	for _, arg := range args[1:] {
		if arg.CanIterateElements() {
			times = max(times, size(arg))
		}
	}
	return total * times
}

func indentSize(args []cty.Value) float64 {
	if args[0].Type() != cty.Number || args[1].Type() != cty.String {
		return 0
	}
	spaces, _ := args[0].AsBigFloat().Float64()
	return spaces * float64(strings.Count(args[1].AsString(), "\n"))
}

func joinSize(args []cty.Value) float64 {
	if args[0].Type() != cty.String {
		return 0
	}
	elements := 0.0
	for _, arg := range args[1:] {
		elements += size(arg)
	}
	return elements * size(args[0])
}

func replaceSize(args []cty.Value) float64 {
	text, search, replacement := size(args[0]), size(args[1]), size(args[2])
	if args[1].Type() == cty.String && strings.HasPrefix(args[1].AsString(), "/") {
		search = 1
	}
	return (text/max(1, search) + 1) * replacement
}

// productSize counts elements, weighed so that the limit of elements is met.
func productSize(args []cty.Value) float64 {
	product := 1.0
	for _, arg := range args {
		product *= size(arg)
	}
	return product * float64(len(args)) * maxText / maxElements
}

// shallow refuses a text with more open brackets than any real one has:
// decoders recurse for each, or look back over all of them.
func shallow(f function.Function) function.Function {
	spec := function.Spec{
		Params: f.Params(),
		Type: func(args []cty.Value) (cty.Type, error) {
			if known(args) && openBrackets(args[0].AsString()) > maxBrackets {
				return cty.DynamicPseudoType, function.NewArgErrorf(0, "more than %d brackets are open inside of each other", maxBrackets)
			}
			return f.ReturnTypeForValues(args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return f.Call(args) },
	}
	return function.New(&spec)
}

// maxBrackets is far more than nesting allows, as brackets inside of quotes
// are counted too.
const maxBrackets = 1000

// openBrackets is how many brackets are open at once at most.
func openBrackets(text string) int {
	open, most := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '[', '{':
			open++
			most = max(most, open)
		case ']', '}':
			open = max(open-1, 0)
		}
	}
	return most
}
