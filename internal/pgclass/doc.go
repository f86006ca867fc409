// Package pgclass says on which side of a deployment a PostgreSQL statement
// belongs: before it, because the code that is running survives it (expand);
// after it, because that code does not (contract); or on neither, so that it
// has to be split. It stands behind pgsyntax and pgschema, and before sqlcheck,
// which decides what becomes of a whole migration.
//
// A statement is judged against two schemas: the one that running code was
// written for, and the one right before the statement. What the first does not
// hold, no running code has ever seen: it may be constrained, renamed or
// dropped freely. A name that neither schema holds is taken for one that
// running code knows.
//
// What only the author can know is "ask": nothing is ever assumed to be
// harmless because it could not be read.
package pgclass
