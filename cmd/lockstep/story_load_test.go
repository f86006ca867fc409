package main

import (
	"os"

	"github.com/rogpeppe/go-internal/testscript"
)

// load URL FILE: run a file of SQL, such as a dump.
func load(ts *testscript.TestScript, _ bool, args []string) {
	text, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	query(ts, false, []string{args[0], string(text)})
}
