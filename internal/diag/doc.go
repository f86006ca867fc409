// Package diag holds diagnostics for the authors of configuration: what is
// wrong, where, why, and what to do about it. Readers of HCL produce them, the
// command package shows them. Findings, which are for reviewers of plans, are
// something else and live in the plan model.
package diag
