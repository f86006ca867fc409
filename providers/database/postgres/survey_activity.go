package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/plans"
)

// openFor is how long a transaction is open before it is worth a word, and
// shownTransactions how many of them are told.
const (
	openFor           = 5 * time.Second
	shownTransactions = 20
)

// longOpen are transactions of this database that last, oldest first, and what of
// the relations each has locked: a partition, an index or a child stands for
// its relation. What they run is left out: it may hold values of rows.
const longOpen = `
WITH part AS (
	SELECT p.oid::oid AS oid, p.ord FROM unnest($1::bigint[], $2::bigint[]) AS p (oid, ord)
	UNION
	SELECT i.indexrelid, p.ord FROM unnest($1::bigint[], $2::bigint[]) AS p (oid, ord) JOIN pg_index i ON i.indrelid = p.oid::oid
), held AS (
	SELECT l.pid, l.virtualtransaction, array_agg(DISTINCT part.ord ORDER BY part.ord) AS ords
	FROM pg_locks l JOIN part ON part.oid = l.relation
	WHERE l.locktype = 'relation' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
	GROUP BY 1, 2
)
SELECT a.pid, coalesce(a.usename, ''),
       CASE WHEN a.backend_type = 'client backend' THEN coalesce(a.application_name, '')
            WHEN a.backend_type = 'autovacuum worker' AND a.query LIKE '%(to prevent wraparound)' THEN 'autovacuum to prevent wraparound'
            ELSE replace(a.backend_type, ' worker', '') END,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS age, coalesce(a.state, ''), h.ords
FROM pg_stat_activity a LEFT JOIN held h ON h.pid = a.pid
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type <> 'parallel worker'
  AND clock_timestamp() - a.xact_start > $3 * interval '1 second'
UNION ALL
SELECT 0, p.owner, p.gid, extract(epoch FROM clock_timestamp() - p.prepared)::float8, 'prepared', h.ords
FROM pg_prepared_xacts p
LEFT JOIN pg_locks x ON x.locktype = 'transactionid' AND x.pid IS NULL AND x.transactionid = p.transaction
LEFT JOIN held h ON h.pid IS NULL AND h.virtualtransaction = x.virtualtransaction
WHERE p.database = current_database() AND clock_timestamp() - p.prepared > $3 * interval '1 second'
ORDER BY age DESC LIMIT $4`

func (s *surveying) transactions(ctx context.Context, f found) error {
	args := []any{pq.Array(f.members), pq.Array(f.of), openFor.Seconds(), shownTransactions}
	return s.each(ctx, longOpen, args, func(rows *sql.Rows) error {
		var t plans.OpenTransaction
		var age float64
		var of pq.Int64Array
		if err := rows.Scan(&t.PID, &t.User, &t.Application, &age, &t.State, &of); err != nil {
			return err
		}
		t.Age = plans.Duration(roundAge(seconds(age)))
		for _, i := range of {
			t.Relations = append(t.Relations, f.names[i])
		}
		s.out.Transactions = append(s.out.Transactions, t)
		return nil
	})
}

// replicas are the standbys that follow by the stream of the log; a logical
// subscriber takes none of the primary's locks. Without anything to replay the
// server tells no lag: then there is none when all is replayed.
func (s *surveying) replicas(ctx context.Context) error {
	if !s.out.Primary || !s.sees {
		return nil
	}
	return s.each(ctx, `
		SELECT coalesce(nullif(r.application_name, ''), host(r.client_addr), 'unnamed'), coalesce(r.sync_state, ''),
		       coalesce(extract(epoch FROM r.replay_lag)::float8, CASE WHEN r.replay_lsn >= r.sent_lsn THEN 0 ELSE -1 END)
		FROM pg_stat_replication r
		WHERE r.state IN ('streaming', 'catchup')
		  AND NOT EXISTS (SELECT FROM pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
		ORDER BY 1, r.client_addr, r.client_port`, nil, func(rows *sql.Rows) error {
		var r plans.ReplicaFigures
		var lag float64
		if err := rows.Scan(&r.Name, &r.Sync, &lag); err != nil {
			return err
		}
		r.Lag = plans.Duration(-time.Second)
		if lag >= 0 {
			r.Lag = plans.Duration(roundLag(seconds(lag)))
		}
		s.out.Replicas = append(s.out.Replicas, r)
		return nil
	})
}
