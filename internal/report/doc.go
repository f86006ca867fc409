// Package report spells findings and statements for other programs: one file
// a format, each a pure function from values to bytes. It decides nothing and
// looks nothing up; what a code means comes along in Report.Rules.
//
// Text in findings comes from migration files, so every format escapes what
// its readers would obey: control characters and bytes that are no text are
// shown as \x1b and the like, and nothing can leave its cell, attribute or
// line.
package report
