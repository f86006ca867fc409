// Package memory is a provider whose targets live in memory, for tests of
// what drives providers: nothing outside of the process is changed, and every
// fault that a real target knows can be ordered for the n-th call.
//
// It is a fake and says so; it fulfils the whole contract (it passes
// providertest), so that code which works with it relies on the contract
// alone. A World outlives its providers as a database outlives a process: to
// try a crash, build another Provider on the same World.
package memory
