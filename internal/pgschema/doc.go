// Package pgschema is a model of a PostgreSQL schema, built by replaying the
// statements that made it. pgeffect asks it what a statement touches; nothing
// in it has been read from a server.
//
// A Schema is changed by Apply alone: everyone else reads it and changes
// nothing. What Apply does not understand it records as Unsure, so that a
// reader can tell "is not there" from "is not known".
package pgschema
