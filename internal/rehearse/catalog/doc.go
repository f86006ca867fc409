// Package catalog reads the schema of a PostgreSQL database that its users
// see, compares two such snapshots, and derives from a difference the SQL that
// leads back. It is how a rehearsal knows whether a down file restores what
// the up file found, and where a down file can be written by the machine.
//
// A snapshot is a flat list of objects with named attributes in SQL's own
// words, so that comparing and printing know nothing of kinds. Left out are
// what belongs to extensions, Lockstep's own schema, and the tables that the
// caller names.
//
// Not read are, of what databases can hold: foreign servers and their data
// wrappers, text search configurations, operator classes, languages,
// transforms, access methods, subscriptions, large objects and security
// labels. An operator and a cast are read, base types in outline.
//
// Some names and figures are not read, because nothing can depend on them:
// TOAST relations and their indexes, the position of a column, the current
// value of a sequence, the rows of pg_constraint that a foreign key makes for
// each partition it refers to, the names that the server gives to NOT NULL
// constraints (from PostgreSQL 18), and the indexes of constraints, which are
// called as these.
package catalog
