package config

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/lockstep-dev/lockstep/plans"
)

// hintedError is an error that says what to do.
type hintedError struct{ reason, fix string }

func (e *hintedError) Error() string { return e.reason }

// valueType is the type of the value that an argument type evaluates to.
func valueType(t Type) cty.Type {
	switch t {
	case TypeString, TypeDuration, TypeDigest, TypeHTTPURL, TypePath, TypeAnyPath:
		return cty.String
	case TypeNumber, TypeCount, TypeVersion:
		return cty.Number
	case TypeBool:
		return cty.Bool
	case TypeStrings, TypeRecipients, TypePaths, TypePatterns, TypeHosts:
		return cty.List(cty.String)
	case TypeStringMap:
		return cty.Map(cty.String)
	}
	return cty.DynamicPseudoType
}

// convertArgument converts a value to the argument's type and checks what the
// type promises. Unknown values pass, marks stay. Errors never hold the value
// of a secret.
func convertArgument(doc ArgumentDoc, value cty.Value) (cty.Value, error) {
	converted, err := convert.Convert(value, valueType(doc.Type))
	if err != nil {
		return cty.NilVal, fmt.Errorf("%s is required, found %s", article(doc.Type), found(value))
	}
	bare, marks := converted.UnmarkDeepWithPaths()
	if doc.Required && bare.IsNull() {
		return cty.NilVal, errors.New("a value is required, found null")
	}
	if !bare.IsKnown() || bare.IsNull() {
		return converted, nil
	}
	checked, err := checkValue(doc, bare)
	if err != nil && len(marks) > 0 {
		return cty.NilVal, fmt.Errorf("%s is required (the value is sensitive and not shown)", article(doc.Type))
	}
	if err != nil {
		return cty.NilVal, err
	}
	return checked.MarkWithPaths(marks), nil
}

func article(t Type) string {
	word := string(t)
	if strings.ContainsRune("aeo", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}

func found(v cty.Value) string {
	v, _ = v.Unmark()
	if v.IsNull() {
		return "null"
	}
	return v.Type().FriendlyName()
}

func checkValue(doc ArgumentDoc, v cty.Value) (cty.Value, error) {
	if err := checkTexts(doc, v); err != nil {
		return v, err
	}
	switch doc.Type {
	case TypeStrings:
		if doc.Required && v.LengthInt() == 0 {
			return v, errors.New("at least one element is required")
		}
	case TypeDuration:
		d, err := ParseDuration(v.AsString())
		return cty.StringVal(d.String()), err
	case TypeCount:
		return v, wholeNumber(v, 1_000_000)
	case TypeVersion:
		return v, wholeNumber(v, 1<<63-1)
	case TypeDigest:
		if !plans.Digest(v.AsString()).Valid() {
			return v, fmt.Errorf("%q is not a digest; expected sha256: and 64 hex digits in lower case", cut(v.AsString()))
		}
	case TypeHTTPURL:
		return v, checkHTTPURL(v.AsString())
	case TypePath:
		clean, err := inProject(v.AsString())
		return cty.StringVal(clean), outside(v.AsString(), err)
	case TypePaths:
		return cleanPaths(v)
	case TypePatterns:
		return v, checkPatterns(textsOf(v))
	case TypeRecipients:
		return v, checkRecipients(textsOf(v))
	case TypeHosts:
		if v.IsWhollyKnown() {
			return v, checkHosts(textsOf(v))
		}
	case TypeObject:
		if !v.Type().IsObjectType() && !v.Type().IsMapType() {
			return v, fmt.Errorf("an object is required, found %s", found(v))
		}
	}
	return v, nil
}

// checkPatterns refuses patterns that no address of a resource can fit: one
// that protects nothing looks as if it did.
func checkPatterns(patterns []string) error {
	for _, pattern := range patterns {
		if !strings.ContainsAny(pattern, "._*") || strings.TrimSpace(pattern) != pattern || strings.ContainsAny(pattern, "?{}\n") {
			return &hintedError{fmt.Sprintf("%q is not a pattern of addresses", cut(pattern)), `Write a resource's address or its type, with * for anything: "module.db.*", "aws_db_instance.*", "aws_s3_bucket".`}
		}
	}
	return nil
}

// checkHosts refuses patterns that no host can fit.
func checkHosts(patterns []string) error {
	for _, pattern := range patterns {
		if pattern == "" || strings.ContainsAny(pattern, " \t\n@?{}") || strings.Contains(pattern, "://") {
			return &hintedError{fmt.Sprintf("%q is not a pattern of hosts", cut(pattern)), `Write a host without scheme, user and port, with * for anything: "*.db.internal", "10.1.*", "/var/run/postgresql".`}
		}
	}
	return nil
}

func outside(name string, err error) error {
	if err == nil {
		return nil
	}
	return &hintedError{fmt.Sprintf("%q: %v", cut(name), err), "Use a path below the project's folder, with / between its parts."}
}

func cleanPaths(v cty.Value) (cty.Value, error) {
	var cleaned []cty.Value
	for _, name := range textsOf(v) {
		clean, err := inProject(name)
		if err != nil {
			return v, outside(name, err)
		}
		cleaned = append(cleaned, cty.StringVal(clean))
	}
	if len(cleaned) == 0 {
		return v, nil
	}
	return cty.ListVal(cleaned), nil
}

func wholeNumber(v cty.Value, limit uint64) error {
	f := v.AsBigFloat()
	if f.IsInf() || !f.IsInt() || f.Sign() <= 0 {
		return fmt.Errorf("a whole number from 1 is required, found %s", f.Text('g', 10))
	}
	if f.Cmp(new(big.Float).SetUint64(limit)) > 0 {
		return fmt.Errorf("the largest possible value is %d, found %s", limit, f.Text('g', 25))
	}
	return nil
}

// checkTexts looks at every text of the value: the words that are allowed, and
// characters that no target takes.
func checkTexts(doc ArgumentDoc, v cty.Value) error {
	return cty.Walk(v, func(path cty.Path, element cty.Value) (bool, error) {
		if element.Type() != cty.String || element.IsNull() || !element.IsKnown() {
			return true, nil
		}
		given := element.AsString()
		if i := strings.IndexByte(given, 0); i >= 0 {
			return false, fmt.Errorf("control character U+0000 at offset %d", i)
		}
		if len(doc.OneOf) > 0 && !slices.Contains(doc.OneOf, given) {
			return false, &hintedError{fmt.Sprintf("%q is not one of %s", cut(given), strings.Join(doc.OneOf, ", ")), didYouMean(given, doc.OneOf)}
		}
		return true, nil
	})
}
