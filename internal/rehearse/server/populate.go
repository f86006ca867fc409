package server

import (
	"context"
)

// filled are the materialized views that can be read.
const filled = `
	SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind = 'm' AND c.relispopulated ORDER BY 1`

// unfilled are those that cannot, in the order in which they were made: one may
// read another.
const unfilled = `
	SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind = 'm' AND NOT c.relispopulated ORDER BY c.oid`

// populate fills materialized views as the target's are, from tables without
// rows: a dump of a schema leaves all of them unreadable, and what reads or
// refreshes them fails then.
func (done *Copied) populate(ctx context.Context, to *Database, target surroundings) error {
	if len(target.filled) == 0 {
		return nil
	}
	at := to.address
	if to.server.Own() {
		at = to.server.address.of(to.Name)
	}
	db, err := at.open()
	if err != nil {
		return err
	}
	defer db.Close()
	names, err := column(ctx, db, unfilled)
	if err != nil {
		return at.hide(err)
	}
	wanted := map[string]bool{}
	for _, name := range target.filled {
		wanted[name] = true
	}
	for _, name := range names {
		if !wanted[name] {
			continue
		}
		if _, err := db.ExecContext(ctx, "REFRESH MATERIALIZED VIEW "+name); err != nil {
			if ctx.Err() != nil {
				return at.hide(err)
			}
			done.Unfilled = append(done.Unfilled, Omission{name, plainly(err)})
		}
	}
	return nil
}
