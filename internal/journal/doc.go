// Package journal is the record of what runs did: append-only JSON lines with
// a checksum and a hash chain, fsynced before anything that depends on them.
// Replay folds the records of one run into its state, Standings folds runs
// into what each environment has. Both are pure functions.
//
// The journal may lag behind reality and is never the truth about a target:
// an intent without an outcome is a question for the provider's Probe.
//
// A run's folder is runs/ID below the project's working folder:
//
//	journal.jsonl   the records, 0600, never rewritten
//	lock            held (flock) by the process that writes
//	request         "pause" or "abort", asked for by another process
//	...             what the caller's Prepare puts there (the plan bundle)
package journal
