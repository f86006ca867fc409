package tfchange

import (
	"encoding/json"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// Rules of weakens.tsv. A value that is null was taken out of the
// configuration: the provider's default counts, which is not known here.
const (
	becomesFalse = "becomes_false" // true, "Enabled", "on" becomes anything else
	becomesTrue  = "becomes_true"
	decreases    = "decreases" // a number, also with a unit
	shortens     = "shortens"  // as decreases, and 0 stands for no end
	shrinks      = "shrinks"   // a set, list, map or JSON document loses something
	changes      = "changes"
	removed      = "removed"
)

func ruleNames() []string {
	return []string{becomesFalse, becomesTrue, changes, decreases, removed, shortens, shrinks}
}

// could reports whether a rule can apply at all to what there is.
func could(rule string, before any) bool {
	switch rule {
	case becomesFalse:
		return truthy(before)
	case becomesTrue:
		return !truthy(before)
	}
	return !blank(before)
}

// apply judges two values that are known.
func apply(rule string, before, after any) verdict {
	if !could(rule, before) || same(before, after) {
		return no
	}
	switch rule {
	case becomesFalse:
		return when(!truthy(after))
	case becomesTrue:
		return when(truthy(after))
	case decreases:
		return less(before, after)
	case shortens:
		return shorter(before, after)
	case shrinks:
		return when(!keeps(parsed(before), parsed(after)))
	case changes:
		return yes
	case removed:
		return when(blank(after))
	}
	return perhaps
}

func when(holds bool) verdict {
	if holds {
		return yes
	}
	return no
}

func truthy(v any) bool {
	if text, ok := v.(string); ok {
		return slices.Contains([]string{"true", "enabled", "on", "yes", "required"}, strings.ToLower(text))
	}
	return v == true
}

func blank(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

func shorter(before, after any) verdict {
	was, _ := quantity(before)
	is, _ := quantity(after)
	switch {
	case was != nil && was.Sign() == 0:
		return when(is == nil || is.Sign() != 0)
	case is != nil && is.Sign() == 0:
		return no
	}
	return less(before, after)
}

// less compares amounts, which must have the same unit.
func less(before, after any) verdict {
	was, unit := quantity(before)
	is, isUnit := quantity(after)
	if was == nil || is == nil || unit != isUnit {
		return perhaps
	}
	return when(is.Cmp(was) < 0)
}

// maxDigits that an amount may have; a longer one is compared as perhaps.
const maxDigits = 40

// quantity splits an amount such as 7, "3600s" or "10Gi" into number and unit;
// the number is nil if there is none.
func quantity(v any) (*big.Rat, string) {
	var text string
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = strings.TrimSpace(v)
	}
	end := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsDigit(r) && r != '.' && r != '-' })
	if end < 0 {
		end = len(text)
	}
	if end > maxDigits {
		return nil, ""
	}
	number, ok := new(big.Rat).SetString(text[:end])
	if !ok {
		return nil, ""
	}
	return number, strings.TrimSpace(text[end:])
}

// parsed reads a text that is a JSON document, as policies are written.
func parsed(v any) any {
	text, ok := v.(string)
	if !ok || !strings.HasPrefix(strings.TrimSpace(text), "{") && !strings.HasPrefix(strings.TrimSpace(text), "[") {
		return v
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var document any
	if dec.Decode(&document) != nil {
		return v
	}
	return document
}

// keeps reports whether everything that was there is still there: each element
// of a list is covered by one of the new list, each key by the same key. A
// description says nothing, a condition that is new narrows.
func keeps(was, is any) bool {
	switch was := was.(type) {
	case nil:
		return true
	case map[string]any:
		is, ok := is.(map[string]any)
		return ok && keepsKeys(was, is)
	case []any:
		if list, ok := is.([]any); ok {
			return !slices.ContainsFunc(was, func(e any) bool { return !holds(list, e) })
		}
		return len(was) == 0 || len(was) == 1 && keeps(was[0], is)
	}
	if list, ok := is.([]any); ok {
		return blank(was) || holds(list, was)
	}
	return reflect.DeepEqual(was, is) || was == "" && is == nil
}

func keepsKeys(was, is map[string]any) bool {
	for name, e := range was {
		if !strings.EqualFold(name, "description") && !keeps(e, is[name]) {
			return false
		}
	}
	for name, e := range is {
		if strings.EqualFold(name, "condition") && blank(was[name]) && !blank(e) {
			return false
		}
	}
	return true
}

func holds(list []any, e any) bool {
	return slices.ContainsFunc(list, func(other any) bool { return keeps(e, other) })
}
