// Package sqlcheck judges migration files before they run: which side of the
// deployment a file belongs on, which locks its statements take, how it must
// be run, and what in it is refused. It is pure; it knows the text, and of the
// target what is handed over.
//
// PostgreSQL's files are judged by its grammar: Postgres joins what the
// packages pgclass (sides), pgeffect (locks) and pglint (rules) say of them.
// Those of other dialects are judged by the statements' own words, behind one
// function, judge. What cannot be certain is labelled "assumed".
package sqlcheck
