// Package failpoint marks the places where a crash is tried out. Without the
// build tag "failpoint" every call is an empty function; with it, the binary
// counts the places it passes and can kill itself at one of them:
//
//	LOCKSTEP_FP_LOG=FILE   append one "number name" line for each place passed
//	LOCKSTEP_FP_AT=N       SIGKILL this process at the N-th place
//	LOCKSTEP_FP_STOP=yes   SIGSTOP it there instead; it goes on with SIGCONT
//
// The crash matrix learns the number of places from a dry pass, so that new
// code adds points by itself.
package failpoint
