package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// flip FILE: change one bit in the middle of a file.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	change(ts, args[0], func(content []byte) []byte {
		content[len(content)/2] ^= 1
		return content
	})
}

// cut FILE: lose the second half of a file.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	change(ts, args[0], func(content []byte) []byte { return content[:len(content)/2] })
}

func change(ts *testscript.TestScript, name string, how func([]byte) []byte) {
	path := ts.MkAbs(name)
	content, err := os.ReadFile(path)
	ts.Check(err)
	ts.Check(os.WriteFile(path, how(content), 0o600))
}

// hides TEXT FOLDER...: no file below the folders, and neither output of the
// last command, has the text.
func hides(ts *testscript.TestScript, _ bool, args []string) {
	secret := []byte(args[0])
	if strings.Contains(ts.ReadFile("stdout")+ts.ReadFile("stderr"), args[0]) {
		ts.Fatalf("the last command prints it")
	}
	files := 0
	for _, folder := range args[1:] {
		ts.Check(filepath.WalkDir(ts.MkAbs(folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			files++
			content, err := os.ReadFile(path)
			if err == nil && bytes.Contains(content, secret) {
				err = fmt.Errorf("%s has it", path)
			}
			return err
		}))
	}
	if files == 0 {
		ts.Fatalf("there is no file to look at")
	}
}

// capture NAME REGEXP: set a variable to the first match in the last stdout.
func capture(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile(args[1]).FindString(ts.ReadFile("stdout"))
	if found == "" {
		ts.Fatalf("no match of %s in stdout", args[1])
	}
	ts.Setenv(args[0], found)
}

// json PATH REGEXP: the last stdout is one JSON document, and what is at the
// path matches. A path is fields and indices between dots; LEN is a length.
func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	decoder.UseNumber()
	var document any
	ts.Check(decoder.Decode(&document))
	if decoder.More() {
		ts.Fatalf("stdout has more than one JSON document")
	}
	found := at(document, strings.Split(args[0], "."))
	if regexp.MustCompile(args[1]).MatchString(found) == neg {
		ts.Fatalf("%s is %q", args[0], found)
	}
}

func at(value any, path []string) string {
	if len(path) == 0 {
		return plain(value)
	}
	switch v := value.(type) {
	case map[string]any:
		if path[0] == "LEN" {
			return strconv.Itoa(len(v))
		}
		inner, ok := v[path[0]]
		if !ok {
			return "(no field " + path[0] + ")"
		}
		return at(inner, path[1:])
	case []any:
		if path[0] == "LEN" {
			return strconv.Itoa(len(v))
		}
		if i, err := strconv.Atoi(path[0]); err == nil && i < len(v) {
			return at(v[i], path[1:])
		}
	}
	return "(nothing at " + path[0] + ")"
}

func plain(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
