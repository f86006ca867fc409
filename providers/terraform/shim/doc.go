// Package shim keeps a command running when the process that started it dies.
//
// Terraform must be allowed to finish: killed half-way it forgets resources
// that it has just created. So Lockstep starts its own binary again as a shim,
// in a session of its own, without a parent-death signal, with output that
// goes to files; the shim starts Terraform, holds the caller's lock for as
// long as Terraform lives, and leaves the exit code in a file at the end.
//
// Nothing happens before the parent says go: a shim whose parent dies earlier
// ends without having started the command.
//
// It is a part of the terraform provider and imports nothing of Lockstep.
package shim
