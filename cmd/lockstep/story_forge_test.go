package main

import (
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lockstep-dev/lockstep/internal/bundle"
	"github.com/lockstep-dev/lockstep/plans"
)

// forge FILE: leave the environment's guards out of a plan file, and write it
// in the form that Lockstep writes.
func forge(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	b, err := bundle.Open(path)
	ts.Check(err)
	blobs := map[plans.Digest][]byte{}
	for _, d := range b.Plan.InputDigests() {
		content, err := b.Blob(d)
		ts.Check(err)
		blobs[d] = content
	}
	forged := *b.Plan
	forged.Protected, forged.Upstream = false, nil
	again, err := bundle.New(&forged, blobs)
	ts.Check(err)
	ts.Check(again.Save(path))
}
