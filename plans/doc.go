// Package plans is the plan model: what the planner computes, reviewers read,
// the bundle stores, approvals sign and apply obeys. It is the product's
// contract, so it is public, depends on the standard library alone, does no
// I/O, and never imports another package of this module.
//
// A plan is a pure function of configuration, file contents, environment
// values and observations. Encode gives the same bytes for equal plans, and
// the digest of those bytes is the plan's identity.
package plans
