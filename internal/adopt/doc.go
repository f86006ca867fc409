// Package adopt understands what other migration tools left behind: their
// tables in a target and their files in a folder. It gets both as data and
// answers with what Lockstep would take over, which files it would write and
// what stands in the way. It reads and writes nothing itself.
//
// A tool is recognised by the columns of its table, never by a name alone:
// golang-migrate, dbmate, Rails and Ecto all call theirs schema_migrations.
package adopt
