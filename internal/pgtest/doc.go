// Package pgtest runs a real, throw-away PostgreSQL: for tests one server a
// test process and one database a test, for the demo one server. The server
// listens on a unix socket in a temporary folder alone, and is stopped and
// deleted with everything in it.
package pgtest
