// Package mysqltest runs a real, throw-away MariaDB or MySQL for tests: one
// server a test process and one database a test. The server listens on a unix
// socket in a temporary folder alone, and is stopped and deleted with
// everything in it.
package mysqltest
