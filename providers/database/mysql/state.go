package mysql

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// readState reads everything in one snapshot that q holds.
func readState(ctx context.Context, q rowQuerier, table string) (database.State, error) {
	var state database.State
	b, err := findBooks(ctx, q, table)
	if err != nil {
		return state, err
	}
	p := positional{q}
	if b.versions {
		if state.Version, state.Dirty, err = b.ReadVersion(ctx, p); err != nil {
			return state, err
		}
	}
	if b.history {
		if state.History, err = b.ReadHistory(ctx, p); err != nil {
			return state, err
		}
		if state.Statements, err = b.ReadStatements(ctx, p); err != nil {
			return state, err
		}
	}
	if len(state.History) == 0 {
		state.Fresh, err = isFresh(ctx, q, table)
	}
	return state, err
}

// isFresh reports whether there is no table or view but Lockstep's and
// golang-migrate's.
func isFresh(ctx context.Context, q rowQuerier, table string) (bool, error) {
	var used bool
	err := q.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE()
		AND table_name NOT IN (?, 'lockstep_history', 'lockstep_statement_receipt'))`, table).Scan(&used)
	if err != nil {
		return false, fmt.Errorf("read the catalog: %w", err)
	}
	return !used, nil
}

// identify names the server and the database, so that another one behind the
// same address is noticed. A copy of the data folder has another id on MySQL.
func identify(ctx context.Context, q rowQuerier, s server) (string, error) {
	query := `SELECT CONCAT('server ', @@GLOBAL.server_uuid, ', database ', DATABASE())`
	if s.mariadb {
		query = `SELECT CONCAT('server ', COALESCE((SELECT variable_value FROM information_schema.global_variables WHERE variable_name = 'SERVER_UID'),
			CONCAT(@@GLOBAL.hostname, ' ', @@GLOBAL.port, ' ', @@GLOBAL.datadir)), ', database ', DATABASE())`
	}
	var identity string
	if err := q.QueryRowContext(ctx, query).Scan(&identity); err != nil {
		return "", fmt.Errorf("identify the database: %w", err)
	}
	return identity, nil
}

type informative struct {
	ServerVersion string `json:"server_version"`
	User          string `json:"user"`
	ReadOnly      bool   `json:"read_only,omitempty"`
	SizeBytes     int64  `json:"size_bytes,string"`
	// Durable is false when a commit can be lost with the server's power.
	Durable bool `json:"durable"`
	// PerformanceSchema is true when who holds a metadata lock can be told.
	PerformanceSchema bool `json:"performance_schema"`
	// Undone lists versions whose history another tool has overtaken.
	Undone []uint64 `json:"undone_by_another_tool,omitempty"`
}

func inform(ctx context.Context, q rowQuerier, state database.State) (json.RawMessage, error) {
	var in informative
	err := q.QueryRowContext(ctx, `
		SELECT VERSION(), CURRENT_USER(), @@GLOBAL.read_only, @@GLOBAL.innodb_flush_log_at_trx_commit = 1, @@GLOBAL.performance_schema,
		       (SELECT CAST(COALESCE(SUM(data_length + index_length), 0) AS SIGNED) FROM information_schema.tables WHERE table_schema = DATABASE())`).
		Scan(&in.ServerVersion, &in.User, &in.ReadOnly, &in.Durable, &in.PerformanceSchema, &in.SizeBytes)
	if err != nil {
		return nil, fmt.Errorf("read the server's figures: %w", err)
	}
	for _, r := range state.History {
		if r.Version > state.Version {
			in.Undone = append(in.Undone, r.Version)
		}
	}
	return json.Marshal(in)
}
