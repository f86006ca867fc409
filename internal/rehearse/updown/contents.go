package updown

import (
	"context"
	"fmt"
)

// contents are the rows of tables, by table.
type contents map[string]string

// contents reads what a file that writes rows has left in the tables that it
// may touch. A second up that leaves other rows than the first (a down file took
// none of them away, a sequence went on) is not where the up files lead.
func (r *rehearsal) contents(ctx context.Context, t trial) (contents, error) {
	found := contents{}
	for _, table := range touched(t.schema, t.file) {
		var sum string
		err := r.worker.QueryRowContext(ctx,
			`SELECT count(*) || ' ' || coalesce(md5(string_agg(row, E'\n' ORDER BY row COLLATE "C")), '') FROM (SELECT to_jsonb(t)::text AS row FROM `+table+` t) rows`).Scan(&sum)
		if err != nil {
			return nil, fmt.Errorf("read the rows of %s: %w", table, err)
		}
		found[table] = sum
	}
	return found, nil
}
