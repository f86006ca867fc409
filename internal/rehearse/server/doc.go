// Package server provides the throw-away PostgreSQL that migrations are
// rehearsed on: one that it starts itself from programs on this machine, or one
// that the user names, of which it uses databases of its own making alone.
//
// It also copies the target's schema there, without rows. The target is only
// read, and nobody waits for that: locks that are not free are not waited for,
// and a copy that others wait for is given up.
//
// What is measured on the server is the business of the other packages of the
// rehearsal.
package server
