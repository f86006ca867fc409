// Package sqlscan cuts SQL text into statements and reads the directives in
// its comments. It is a lexer, not a parser: it knows where strings, quoted
// names, comments and routine bodies begin and end, and nothing of what the
// statements mean. sqlcheck judges them, the database providers run them.
//
// The package is pure, works in one pass over the text, and does PostgreSQL's,
// SQLite's, and MySQL's rules.
package sqlscan
