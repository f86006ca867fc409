package trace

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/lib/pq"
)

// SeedTables is Seed for the named tables alone, and for those that their rows
// must refer to. Names are qualified and quoted as SQL does; a partitioned table
// stands for its partitions. It works in the caller's transaction, with which
// the rows go: neither the tables nor the time that all others would take are
// spent on one migration.
func SeedTables(ctx context.Context, tx *sql.Tx, names []string) (Seeded, error) {
	if len(names) == 0 {
		return Seeded{}, nil
	}
	all, err := listSeedbeds(ctx, tx)
	if err != nil {
		return Seeded{}, fmt.Errorf("seed tables: %w", err)
	}
	var wanted []int64
	err = tx.QueryRowContext(ctx, `SELECT ARRAY(SELECT to_regclass(name)::oid::bigint FROM unnest($1::text[]) name WHERE to_regclass(name) IS NOT NULL)`,
		pq.Array(names)).Scan((*pq.Int64Array)(&wanted))
	if err != nil {
		return Seeded{}, fmt.Errorf("seed tables: %w", err)
	}
	chosen, err := withParents(ctx, tx, all, wanted)
	if err != nil {
		return Seeded{}, fmt.Errorf("seed tables: %w", err)
	}
	seeded, err := sow(ctx, tx, chosen)
	if err != nil {
		return Seeded{}, fmt.Errorf("seed tables: %w", err)
	}
	return seeded, nil
}

// withParents reads the wanted tables and those that their foreign keys lead
// to, in the order of the list.
func withParents(ctx context.Context, tx *sql.Tx, all []*seedbed, wanted []int64) ([]*seedbed, error) {
	chosen := map[int64]bool{}
	for i := 0; i < len(wanted); i++ { // it grows on the way
		for _, b := range all {
			if chosen[b.oid] || b.oid != wanted[i] && !slices.Contains(b.ancestors, wanted[i]) {
				continue
			}
			chosen[b.oid] = true
			if err := b.read(ctx, tx); err != nil {
				return nil, err
			}
			for _, c := range b.columns {
				if c.parent != nil {
					wanted = append(wanted, c.parent.table)
				}
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(b *seedbed) bool { return !chosen[b.oid] }), nil
}
