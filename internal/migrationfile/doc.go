// Package migrationfile names, numbers and begins new migration files in
// golang-migrate's layout, in the style that a folder has already. It decides
// from what it is handed; the command reads and writes the files.
package migrationfile
