// Package pgrights reads from statements which rights they need on objects
// that were there before: PostgreSQL refuses a statement whose role lacks one,
// and a rehearsal, which runs as superuser, cannot tell.
//
// It stands beside pgeffect: both read a statement's tree. The providers ask
// the server which of the rights the role lacks. It names what is sure alone:
// behind SET ROLE, and of what the files make or grant themselves, it says
// nothing.
//
// Source: the sections "Description" and "Notes" of the commands in
// https://www.postgresql.org/docs/current/sql-commands.html, and
// https://www.postgresql.org/docs/current/ddl-priv.html.
package pgrights
