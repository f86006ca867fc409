// Package scoreboard compares Lockstep's lint with what other linters for
// PostgreSQL expect of themselves. Where they disagree, and everywhere else
// too, a real server says what a case does: a statement that blocks and of
// which Lockstep says nothing is a miss, a warning that nothing measured
// supports is a false alarm.
//
// The fixtures are not part of this module, and no test needs them; see
// "make scoreboard" and the command in this folder.
package scoreboard
