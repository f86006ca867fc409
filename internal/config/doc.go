// Package config is Lockstep's language: it reads *.lockstep.hcl and
// *.lockstep.json, checks everything that can be said without a target, takes
// values for variables, and evaluates a change set for one environment.
//
// It decides nothing about order or risk. The planner reads Evaluated, and
// providers get the settings of their block as JSON. What is not known yet
// stays unknown, what is secret stays marked, all the way through.
//
// One table, returned by Language, says which blocks and arguments exist. The
// decoder, its suggestions and the reference documentation all read it.
package config
