// Package queries finds out which statements that an application runs today
// stop working when a migration has run. The statements come from
// pg_stat_statements of a target or from a folder of SQL; each is prepared,
// never executed, on a throw-away database before and after the migration, and
// the two answers are compared.
//
// It is the part of a rehearsal that decides by evidence on which side of the
// deployment a migration belongs. The planner's rules decide where nothing was
// seen.
package queries
