// Package crashtest is the crash matrix: it kills the real binary (SIGKILL) at
// every failpoint of a run with Terraform, three PostgreSQL migrations and a
// release, recovers with the next command, and compares the end state with
// that of a run that nobody killed. One series goes on, the other goes back.
//
// The number of points is counted by a dry pass, so that new code adds points
// by itself. "go test" runs a sample, "make crash" (build tag "crash") all, and
// "go test -race" a few with the race detector in the program as well.
// A negative control, built with the tag "splitreceipt", writes a migration's
// record in a second transaction; the matrix must see that fault, or it sees
// nothing.
//
// TestKillsOfTerraform does the same to Terraform and OpenTofu with a provider
// that is held inside of its calls: Lockstep, its shim, the engine, the provider
// or several of them are killed there, and a person types what the screen says.
// Its negative control, built with the tag "blindprobe", forgets what was begun.
package crashtest
