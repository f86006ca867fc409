// Package measure finds out what a file of SQL does to a database that has
// been in use, by running it on a real, throw-away PostgreSQL. Whatever the
// file names and does not make is put there first.
//
// It is the judge of the scoreboard: where two linters disagree, it decides.
package measure
