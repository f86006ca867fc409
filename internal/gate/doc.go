// Package gate looks at the health of what was changed and says pass, fail or
// inconclusive, with the evidence for it.
//
// A Check samples again and again until so many good or bad samples came in a
// row. A sample that could not be taken (no connection, a timeout, a condition
// that cannot be decided) counts as a bad one, never as a good one, and is
// told apart: "the service says no" and "nobody answered" need different
// people.
//
// Checks change nothing. They run where Lockstep runs, so an HTTP check
// refuses the addresses under which clouds hand out credentials, follows no
// redirect and uses no proxy; the command of an exec check runs by its
// arguments, without a shell.
//
// Bakes, which sample for hours and survive restarts, are the rollout
// package's: they are made of Look.
package gate
