package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// lagWatch remembers how far the server had written at which time. What a
// replica has not replayed of that it is behind by: replay_lag alone stands
// still when a replica stops, and is NULL when it has nothing to do.
type lagWatch struct{ samples []walSample }

type walSample struct {
	at       time.Time
	position int64
}

// maxSamples bounds the memory: an hour at one look a second.
const maxSamples = 3600

// behind is how long ago the server wrote the first thing that is not
// replayed yet, as far as it was watched.
func (w *lagWatch) behind(replayed int64, now time.Time) time.Duration {
	for _, s := range w.samples {
		if s.position > replayed {
			return now.Sub(s.at)
		}
	}
	return 0
}

func (w *lagWatch) note(s walSample) {
	if len(w.samples) >= maxSamples {
		w.samples = w.samples[len(w.samples)/2:]
	}
	w.samples = append(w.samples, s)
}

// forget drops what every replica has replayed.
func (w *lagWatch) forget(replayed int64) {
	for len(w.samples) > 0 && w.samples[0].position <= replayed {
		w.samples = w.samples[1:]
	}
}

// Lag looks at the servers that follow this one.
func (b *batcher) Lag(ctx context.Context) (lag database.Lag, err error) {
	guard := b.session.guard
	err = guard.QueryRowContext(ctx, `
		SELECT count(*), NOT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') FROM pg_stat_replication`).
		Scan(&lag.Replicas, &lag.Hidden)
	if err != nil {
		return lag, lost(fmt.Errorf("look for replicas: %w", err))
	}
	if lag.Replicas == 0 || lag.Hidden {
		return lag, nil
	}
	now := walSample{at: time.Now()}
	if err := guard.QueryRowContext(ctx, `SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint`).Scan(&now.position); err != nil {
		return lag, lost(fmt.Errorf("read the write-ahead log's position: %w", err))
	}
	b.replicas.note(now)
	return b.worstLag(ctx, lag)
}

func (b *batcher) worstLag(ctx context.Context, lag database.Lag) (database.Lag, error) {
	rows, err := b.session.guard.QueryContext(ctx, `
		SELECT coalesce(nullif(application_name, ''), host(client_addr), 'pid ' || pid), (replay_lsn - '0/0'::pg_lsn)::bigint,
		       coalesce(extract(epoch FROM replay_lag), 0)::float8
		FROM pg_stat_replication WHERE replay_lsn IS NOT NULL ORDER BY 1`)
	if err != nil {
		return lag, lost(fmt.Errorf("look at replicas: %w", err))
	}
	defer rows.Close()
	now, slowest := time.Now(), int64(-1)
	for rows.Next() {
		var name string
		var replayed int64
		var reported float64
		if err := rows.Scan(&name, &replayed, &reported); err != nil {
			return lag, lost(fmt.Errorf("look at replicas: %w", err))
		}
		behind := max(b.replicas.behind(replayed, now), time.Duration(reported*float64(time.Second)))
		if behind >= lag.Worst {
			lag.Worst, lag.Replica = behind, name
		}
		if slowest < 0 || replayed < slowest {
			slowest = replayed
		}
	}
	b.replicas.forget(slowest)
	return lag, lost(rows.Err())
}
