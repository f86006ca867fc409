package report

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// schema checks documents against a JSON schema of draft 4, as far as the one
// of SARIF uses it. A keyword that it does not know is an error.
type schema struct{ root map[string]any }

func loadSchema(t *testing.T, path string) schema {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(src, &root); err != nil {
		t.Fatal(err)
	}
	return schema{root}
}

// check returns what is wrong with a document, or nil.
func (s schema) check(doc []byte) []string {
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		return []string{err.Error()}
	}
	return s.value("$", s.root, v)
}

func (s schema) value(at string, rule map[string]any, v any) []string {
	var wrong []string
	for keyword, want := range rule {
		wrong = append(wrong, s.keyword(at, keyword, want, v)...)
	}
	if object, ok := v.(map[string]any); ok {
		wrong = append(wrong, s.object(at, rule, object)...)
	}
	return wrong
}

func (s schema) keyword(at, keyword string, want, v any) []string {
	fail := func(ok bool) []string {
		if ok {
			return nil
		}
		return []string{fmt.Sprintf("%s: %v breaks %s %v", at, v, keyword, want)}
	}
	text, isText := v.(string)
	number, isNumber := v.(float64)
	array, isArray := v.([]any)
	switch keyword {
	case "$schema", "id", "title", "description", "default", "definitions", "properties", "additionalProperties", "required":
		return nil
	case "$ref":
		name, _ := strings.CutPrefix(want.(string), "#/definitions/")
		return s.value(at, s.root["definitions"].(map[string]any)[name].(map[string]any), v)
	case "type":
		return fail(isType(v, want))
	case "enum":
		return fail(slices.Contains(want.([]any), v))
	case "pattern":
		return fail(!isText || regexp.MustCompile(want.(string)).MatchString(text))
	case "format":
		_, err := url.Parse(text)
		return fail(!isText || !strings.HasPrefix(want.(string), "uri") || err == nil)
	case "minimum":
		return fail(!isNumber || number >= want.(float64))
	case "maximum":
		return fail(!isNumber || number <= want.(float64))
	case "minItems":
		return fail(!isArray || float64(len(array)) >= want.(float64))
	case "uniqueItems":
		return fail(!isArray || unique(array))
	case "items":
		var wrong []string
		for i, item := range array {
			wrong = append(wrong, s.value(fmt.Sprintf("%s[%d]", at, i), want.(map[string]any), item)...)
		}
		return wrong
	case "anyOf":
		return fail(s.matches(at, want, v) >= 1)
	case "oneOf":
		return fail(s.matches(at, want, v) == 1)
	}
	return []string{at + ": the schema uses " + keyword + ", which this test does not know"}
}

func (s schema) matches(at string, alternatives, v any) (n int) {
	for _, a := range alternatives.([]any) {
		if len(s.value(at, a.(map[string]any), v)) == 0 {
			n++
		}
	}
	return n
}

func (s schema) object(at string, rule, object map[string]any) []string {
	var wrong []string
	required, _ := rule["required"].([]any)
	for _, name := range required {
		if _, there := object[name.(string)]; !there {
			wrong = append(wrong, fmt.Sprintf("%s: %s is missing", at, name))
		}
	}
	properties, _ := rule["properties"].(map[string]any)
	for name, v := range object {
		inner, known := properties[name].(map[string]any)
		if !known {
			if rule["additionalProperties"] == false {
				wrong = append(wrong, fmt.Sprintf("%s: %s is not a property", at, name))
				continue
			}
			if inner, known = rule["additionalProperties"].(map[string]any); !known {
				continue
			}
		}
		wrong = append(wrong, s.value(at+"."+name, inner, v)...)
	}
	return wrong
}

// isType takes the name of a type, or a list of names.
func isType(v, want any) bool {
	if names, several := want.([]any); several {
		return slices.ContainsFunc(names, func(name any) bool { return isType(v, name) })
	}
	name, _ := want.(string)
	switch v := v.(type) {
	case string:
		return name == "string"
	case bool:
		return name == "boolean"
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	case float64:
		return name == "number" || name == "integer" && v == math.Trunc(v)
	}
	return name == "null"
}

func unique(array []any) bool {
	for i := range array {
		for j := range i {
			if reflect.DeepEqual(array[i], array[j]) {
				return false
			}
		}
	}
	return true
}

// TestSchemaRefuses proves that the check of a schema can fail.
func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	s := loadSchema(t, "testdata/sarif-schema-2.1.0.json")
	valid, err := SARIF(fixture())
	if err != nil {
		t.Fatal(err)
	}
	for old, broken := range map[string]string{
		`"version": "2.1.0"`:   `"version": "2.2"`,
		`"level": "error"`:     `"level": "fatal"`,
		`"startLine": 4`:       `"startLine": 0`,
		`"kind": "inSource"`:   `"kind": "inComment"`,
		`"name": "lockstep"`:   `"nom": "lockstep"`,
		`"ruleIndex": 0`:       `"ruleIndex": "0"`,
		`"uri": "db/orders`:    `"uri": "%zz`,
		`"status": "accepted"`: `"status": "accepted", "by": "me"`,
	} {
		doc := strings.Replace(string(valid), old, broken, 1)
		if doc == string(valid) {
			t.Errorf("the document has no %s", old)
		}
		if problems := s.check([]byte(doc)); len(problems) == 0 {
			t.Errorf("%s is taken for valid", broken)
		}
	}
}
