package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/internal/bench/figures"
	"github.com/lockstep-dev/lockstep/internal/bench/load"
)

const (
	trafficRate    = 400 // queries a second
	trafficClients = 8
	trafficName    = "traffic" // its sessions' application_name
)

// traffic is an application at work on the table accounts: half of its queries
// read a row by its key, half change one, each in a transaction of its own.
type traffic struct {
	db        *sql.DB
	clients   []client
	rows      uint64
	generator *load.Generator
}

type client struct {
	conn         *sql.Conn
	read, change *sql.Stmt
}

// startTraffic opens the clients' connections and begins.
func startTraffic(ctx context.Context, url string, rows int, seed uint64) (t *traffic, err error) {
	db, err := sql.Open("postgres", url+"&application_name="+trafficName)
	if err != nil {
		return nil, err
	}
	t = &traffic{db: db, rows: uint64(rows)}
	for range trafficClients {
		var c client
		if c.conn, err = db.Conn(ctx); err != nil {
			return nil, errors.Join(err, db.Close())
		}
		if c.read, err = c.conn.PrepareContext(ctx, `SELECT balance FROM accounts WHERE id = $1`); err != nil {
			return nil, errors.Join(err, db.Close())
		}
		if c.change, err = c.conn.PrepareContext(ctx, `UPDATE accounts SET balance = balance + 1 WHERE id = $1`); err != nil {
			return nil, errors.Join(err, db.Close())
		}
		t.clients = append(t.clients, c)
	}
	t.generator = load.Start(ctx, load.Options{Rate: trafficRate, Clients: trafficClients, Seed: seed, Send: t.send})
	return t, nil
}

func (t *traffic) send(ctx context.Context, client int, choice uint64) error {
	c, id := t.clients[client], int64(choice>>1%t.rows)+1
	if choice&1 == 0 {
		var balance int64
		return c.read.QueryRowContext(ctx, id).Scan(&balance)
	}
	_, err := c.change.ExecContext(ctx, id)
	return err
}

// stop waits for the last answers and closes the connections.
func (t *traffic) stop() []load.Observation {
	seen := t.generator.Stop()
	_ = t.db.Close() // nothing is under way
	return seen
}

// late is from when on a user has waited for long.
const late = 250 * time.Millisecond

// experience is what the users of a span of time have felt.
type experience struct {
	queries, late, failed   int
	longestOwn, longestFelt time.Duration
	p999Own, p999Felt       time.Duration
	p99Own, p99Felt         time.Duration
	// failure is one of the errors.
	failure error
}

// experienced looks at the queries that were intended from a moment on.
func experienced(seen []load.Observation, from time.Time) experience {
	var e experience
	var own, felt []time.Duration
	for _, o := range seen {
		if o.Intended.Before(from) {
			continue
		}
		e.queries++
		if o.Err != nil {
			e.failed++
			e.failure = o.Err
		}
		if o.Felt() > late {
			e.late++
		}
		own, felt = append(own, o.Own()), append(felt, o.Felt())
	}
	e.longestOwn, e.longestFelt = figures.Percentile(own, 100), figures.Percentile(felt, 100)
	e.p999Own, e.p999Felt = figures.Percentile(own, 99.9), figures.Percentile(felt, 99.9)
	e.p99Own, e.p99Felt = figures.Percentile(own, 99), figures.Percentile(felt, 99)
	return e
}

// accounts makes the table that the traffic works on, and one that it may
// refer to. Rows leave room for changes on their page, and no vacuum comes in
// between, so that every round finds the same.
func (s *server) accounts(ctx context.Context, database string, rows int) error {
	if err := s.fresh(ctx, database); err != nil {
		return err
	}
	return s.run(ctx, database,
		`CREATE TABLE branches (id int PRIMARY KEY)`,
		`INSERT INTO branches SELECT generate_series(1, 100)`,
		`CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL, owner text, branch int NOT NULL) WITH (autovacuum_enabled = off, fillfactor = 80)`,
		// One row more than the traffic touches, for the session that holds the table.
		fmt.Sprintf(`INSERT INTO accounts SELECT n, 100, 'owner ' || n, n %% 100 + 1 FROM generate_series(1, %d) n`, rows+1),
		`VACUUM (ANALYZE) accounts`,
		`VACUUM (ANALYZE) branches`)
}
