// Package pgeffect says by rule what a PostgreSQL statement locks, which
// relations it writes anew and which it reads from end to end. A rehearsal
// measures the same on a server and is believed where both speak; this is
// what is known without one.
//
// One file holds one family of statements. A rule's source is in its comment:
// a page of PostgreSQL's manual, a function of PostgreSQL's sources, or
// "measured", which is the table in testdata.
//
// What is given is the strongest mode on each relation that was there before.
// ACCESS SHARE on an index is left out: it conflicts with nothing that the
// lock on its table would let pass.
package pgeffect
