// Package trace measures on a throw-away PostgreSQL server (12 to 18) what each
// statement of a migration locks, rewrites, scans, makes and drops. It asks the
// server and knows no rule: what it reports is what happened.
//
// How each figure is got:
//   - locks: pg_locks of the worker's pid, read by a second session, so that
//     reading takes no lock of its own; names as they were before the statement,
//     so that what was dropped or renamed is named too
//   - rewrites: pg_class.relfilenode before and after; the reason from the
//     table_rewrite event trigger
//   - scans: pg_stat_get_xact_numscans before and after, which counts scans that
//     start, and so works on empty tables
//   - drops: the sql_drop event trigger
//
// https://www.postgresql.org/docs/current/view-pg-locks.html,
// https://www.postgresql.org/docs/current/event-trigger-definition.html
package trace
