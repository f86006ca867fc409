// Package wayback derives the down file of a migration that has none: it
// replays the folder on a throw-away database, compares the catalog before and
// after the migration, and writes the statements that lead back. What it
// derives it tries: up, down, up again, on empty tables, with a row written
// before the up file, and with one written after it.
//
// It judges pairs of files that others have written in the same way.
package wayback
