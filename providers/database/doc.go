// Package database is what all SQL migration providers share: reading a
// folder in golang-migrate's layout, the history table, and the order in
// which a step is applied, undone and probed. A sub-package brings a driver.
//
// The history row is the receipt: it is written in the same transaction as
// the migration, so that after a crash the target itself tells what happened.
// schema_migrations is kept as golang-migrate keeps it, so that its own tool
// goes on working.
package database
