// Package mysql carries out migrations on MySQL, from version 8.0 on, and on
// MariaDB, from version 10.6 on, through go-sql-driver/mysql.
//
// These servers commit at every statement that changes the schema. So such a
// file runs one statement at a time with a receipt around each, and what was
// under way when a process died is looked up in the catalog: a statement is
// there as a whole or not at all. A file that changes rows alone runs in one
// InnoDB transaction with its receipt.
//
// Nothing waits in a queue for long: user locks are tried, never awaited; a
// statement that waits for a metadata lock, behind which application queries
// queue, gives up at once (MariaDB) or after a second (MySQL) and is tried
// again. A connection marks itself by a user lock of its run and step, so that
// a later process finds what an earlier one left running, and ends it.
package mysql
