package trace

import "time"

// Measured is what one statement did. Relations are schema-qualified and quoted
// where SQL needs it, by the name they had before the statement; lists are
// sorted. Left out are catalogs, TOAST, temporary relations, what Options.Ignore
// names, and what the same transaction has made, which nobody else can see yet.
type Measured struct {
	// Locks are the strongest new lock of each relation: what the transaction
	// held before the statement is left out.
	Locks []Lock
	// Rewrites are tables, materialized views and indexes that got new storage.
	// A sequence that ALTER SEQUENCE gives new storage is none.
	Rewrites []Rewrite
	// Rebuilt are indexes that were dropped and built anew under their name, as
	// ALTER COLUMN TYPE and REINDEX CONCURRENTLY do.
	Rebuilt []string
	// Scans are tables and materialized views that were read from end to end.
	Scans []Scan
	// Created are new relations, by the name they have after the statement.
	Created []Relation
	// Dropped are the objects that are gone, in PostgreSQL's order.
	Dropped []Drop
	// Code is the code that ran in the statement: DO, CALL, routines by name.
	// What it does may depend on rows, of which there are none. Routines are
	// known where the server counts them (track_functions).
	Code []string
	// Unseen says what could not be measured, and why.
	Unseen []string
	// Took is the time from sending the statement to its answer: on a
	// throw-away server good for comparing, not for promising.
	Took time.Duration
}

// Lock is a lock that was taken or waited for.
type Lock struct {
	Relation string
	Kind     Kind
	Mode     Mode
}

// Relation is a relation and what it is.
type Relation struct {
	Name string
	Kind Kind
}

// Kind is what a relation is, in the manual's words.
type Kind string

// Kinds of relations. A partitioned one has no storage of its own.
const (
	Table            Kind = "table"
	PartitionedTable Kind = "partitioned table"
	Index            Kind = "index"
	PartitionedIndex Kind = "partitioned index"
	MaterializedView Kind = "materialized view"
	View             Kind = "view"
	Sequence         Kind = "sequence"
	CompositeType    Kind = "composite type"
	ForeignTable     Kind = "foreign table"
)

// kindOf reads pg_class.relkind.
func kindOf(relkind string) Kind {
	switch relkind {
	case "r":
		return Table
	case "p":
		return PartitionedTable
	case "i":
		return Index
	case "I":
		return PartitionedIndex
	case "m":
		return MaterializedView
	case "v":
		return View
	case "S":
		return Sequence
	case "c":
		return CompositeType
	case "f":
		return ForeignTable
	}
	return Kind("relation of kind " + relkind)
}

// Rewrite is new storage of a relation.
type Rewrite struct {
	Relation string
	Kind     Kind
	// Reasons are what the table_rewrite event trigger tells: "persistence",
	// "default", "type", "access method". It tells nothing of indexes, nor of
	// CLUSTER, REFRESH, TRUNCATE and VACUUM FULL.
	Reasons []string
}

// Scan is a relation that was read from end to end.
type Scan struct {
	Relation string
	Starts   int64 // scans that began
	Rows     int64 // rows that they returned
}

// Drop is an object that is gone.
type Drop struct {
	Kind string // PostgreSQL's word: "table", "table column", "view", ...
	// Identity is the object as pg_event_trigger_dropped_objects spells it.
	Identity string
	Why      Why
}

// Why an object was dropped.
type Why string

// Reasons of a drop.
const (
	Named   Why = "named"   // the statement names it
	Cascade Why = "cascade" // it depended on what was named
	Part    Why = "part"    // it belonged to what was named: an index of a table
)
