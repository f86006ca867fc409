// Package postgres carries out migrations on PostgreSQL, from version 13 on,
// through lib/pq.
//
// One transaction holds the file's SQL, schema_migrations and the history
// row. Nothing waits in a queue: advisory locks are tried, never awaited, and
// a statement that waits for a table gives up after lock_timeout, so that
// application traffic behind it goes on, and is tried again later.
package postgres
