// Package sqlcheck judges migration files before they run: which side of the
// deployment a file belongs on, which locks its statements take, how it must
// be run, and what in it is refused. It is pure; it knows the text and
// nothing of the target.
//
// The judgement of one statement is behind one function, judge, which is a
// first classifier by rules about the statement's own words. What it cannot
// be certain of it labels "assumed".
package sqlcheck
