// Package mend decides what is to be done about a database that golang-migrate
// marked dirty: which file failed, which of its statements are in the catalog,
// and which ways lead to a version that is true again. What the catalog says
// is handed to it; it looks at nothing and changes nothing.
//
// golang-migrate writes the version with dirty set before it runs a file. An
// up that fails leaves its own version; a down that fails leaves the version
// that it was to lead to, although its own is still there. So a dirty version
// has two readings, and the catalog has to tell which.
package mend
