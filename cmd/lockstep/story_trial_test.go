package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// trial FOLDER: make the folder a trial provider's cloud, and let Lockstep
// install that provider from its mirror.
func trial(t *testing.T) func(ts *testscript.TestScript, neg bool, args []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: trial FOLDER")
		}
		trialprovider.At(t, ts.MkAbs(args[0]))
		ts.Setenv(terraform.MirrorVariable, trialprovider.Mirror(t))
	}
}
