// Package sqlite carries out migrations on SQLite through modernc.org/sqlite,
// which needs no C compiler.
//
// One immediate transaction holds the file's SQL, schema_migrations and the
// history row. SQLite locks the whole file, so nothing queues: a busy file is
// tried again until patience ends.
package sqlite
