// Package quarantine writes the two migrations that drop a table or a column
// with a way back between them: the first renames it and keeps its rows, the
// second drops it.
//
// In quarantine it behaves as if it were gone, its rows apart: constraints
// that would refuse what new code writes, or change the kept rows, are taken
// off and come back with the name. What stands in the way of that is read from
// the catalog of a throw-away database that the folder was replayed on, and
// both migrations are tried there.
package quarantine
