// Package planner turns an evaluated change set and what was observed into a
// plan: which steps, in which phase, in which order, with which way back, and
// why. It decides and never does: Plan and Blocks are pure functions of their
// arguments and read neither files, clock nor network. The same inputs give
// the same bytes, in whatever order files and observations are handed over.
//
// The work is a row of passes, one file a pass, which fill a draft. The
// command package gathers the inputs; the rollout carries the plan out and
// does not know this package.
package planner
