package main

import (
	"os"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"
)

// identity NAME FILE: make a pair of age keys; the secret half goes to the file,
// the recipient to the variable.
func identity(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: identity NAME FILE")
	}
	made, err := age.GenerateX25519Identity()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(made.String()+"\n"), 0o600))
	ts.Setenv(args[0], made.Recipient().String())
}
