// Package budget estimates what a statement costs the application: how long it
// holds its locks, what waits meanwhile, and what would make it wait. It
// decides nothing and reads nothing: figures of the database are handed over
// as a plans.Survey, statements with their locks as the planner knows them.
//
// An estimate is a range that is meant to hold on the slowest server that one
// would run in production and on the fastest; a rehearsal measures locks, but
// on empty tables no time, so no estimate is ever called measured.
package budget
