package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

const (
	holderName = "holder" // its session's application_name
	// meetingLimit is after how long a tool that neither waits nor is refused
	// is taken to have begun.
	meetingLimit = 30 * time.Second
)

// sighting is how a tool's encounter with the held table was noticed.
type sighting string

const (
	waiting sighting = "waits"
	refused sighting = "is refused"
	ended   sighting = "has ended"
	unseen  sighting = "was not seen"
)

// holder is a session that has written one row, which the traffic does not
// touch, and read others; it stays idle in its transaction and so holds ROW
// EXCLUSIVE and ACCESS SHARE on the table.
type holder struct {
	db *sql.DB
	tx *sql.Tx
}

func hold(ctx context.Context, url string, row int) (*holder, error) {
	db, err := sql.Open("postgres", url+"&application_name="+holderName)
	if err != nil {
		return nil, err
	}
	h := &holder{db: db}
	if h.tx, err = db.BeginTx(ctx, nil); err == nil {
		_, err = h.tx.ExecContext(ctx, fmt.Sprintf(`UPDATE accounts SET balance = balance WHERE id = %d`, row))
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return h, nil
}

func (h *holder) release() error { return errors.Join(h.tx.Commit(), h.db.Close()) }

// encounter tells when a tool met the held table: when it was first seen
// waiting for a lock, or when the server first refused it one (a tool that
// asks with NOWAIT never waits), whichever came first.
type encounter struct {
	server   *server
	database string
	log      int64 // the log's length when the tool was started
}

func (s *server) expect(database string) (encounter, error) {
	info, err := os.Stat(s.Log())
	if err != nil {
		return encounter{}, err
	}
	return encounter{s, database, info.Size()}, nil
}

// await returns when the encounter has come, the tool has ended, or the tool
// has had its time; and how it was noticed.
func (e encounter) await(ctx context.Context, done <-chan struct{}) (sighting, error) {
	timeout := time.NewTimer(meetingLimit)
	defer timeout.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		waits, err := e.waits(ctx)
		if err != nil {
			return "", err
		}
		refusals, err := e.refused()
		switch {
		case err != nil:
			return "", err
		case waits:
			return waiting, nil
		case refusals > 0:
			return refused, nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-done:
			return ended, nil
		case <-timeout.C:
			return unseen, nil
		case <-tick.C:
		}
	}
}

func (e encounter) waits(ctx context.Context) (bool, error) {
	var waits bool
	err := e.server.admin.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity
		WHERE datname = $1 AND wait_event_type = 'Lock' AND application_name NOT IN ($2, $3))`,
		e.database, trafficName, holderName).Scan(&waits)
	return waits, err
}

// refused counts the requests for a lock that were not granted in time.
func (e encounter) refused() (int, error) {
	file, err := os.Open(e.server.Log())
	if err != nil {
		return 0, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.NewSectionReader(file, e.log, 1<<30))
	if err != nil {
		return 0, err
	}
	return refusals(text, e.database), nil
}

func refusals(log []byte, database string) int {
	n := 0
	for line := range bytes.Lines(log) {
		own := bytes.HasPrefix(line, []byte("["+database+"] "))
		if own && (bytes.Contains(line, []byte("could not obtain lock on relation")) || bytes.Contains(line, []byte("canceling statement due to lock timeout"))) {
			n++
		}
	}
	return n
}
