// Package terraform carries out Terraform and OpenTofu configurations: it
// plans once, keeps the saved plan, and applies exactly that plan.
//
// It is the provider behind terraform blocks. Terraform runs in a working
// directory of its own per environment and module, from copied sources, with
// an environment that holds only what is on a list. An apply runs under a
// shim (package shim), so that killing Lockstep never kills Terraform.
//
// After a crash the truth is the state and a fresh plan, never a memory of
// what was started.
package terraform
