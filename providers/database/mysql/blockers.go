package mysql

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// blockers names who is in the way. The server's metadata locks tell it for
// certain where performance_schema shows them; else the connections with an
// open transaction are all that can be named.
func (s *session) blockers(ctx context.Context, tables []string) string {
	if held, err := s.holdersOf(ctx, tables); err == nil && len(held) > 0 {
		return "blocked by " + strings.Join(held, "; ")
	}
	open, err := s.list(ctx, `
		SELECT CONCAT('connection ', p.id, ' (user ', p.user, ' from ', p.host, ', transaction open for ',
		       TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), ' s): ', LEFT(COALESCE(p.info, 'idle'), 80))
		FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
		WHERE p.id NOT IN (?, ?) ORDER BY t.trx_started`)
	switch {
	case err != nil:
		return "who is in the way cannot be told: this user may not look (grant it PROCESS)"
	case len(open) == 0:
		return "who was in the way was gone before we could look"
	default:
		return "blocked by one of those with an open transaction: " + strings.Join(open, "; ")
	}
}

func (s *session) holdersOf(ctx context.Context, tables []string) ([]string, error) {
	if len(tables) == 0 {
		return nil, nil
	}
	names := make([]any, 0, len(tables))
	for _, t := range tables {
		names = append(names, t)
	}
	return s.list(ctx, `
		SELECT DISTINCT CONCAT('connection ', t.processlist_id, ' (user ', COALESCE(t.processlist_user, '?'), ' from ', COALESCE(t.processlist_host, '?'),
		       ', ', m.lock_type, ' on ', m.object_name, ', ', LOWER(t.processlist_command), ' for ', COALESCE(t.processlist_time, 0), ' s): ', LEFT(COALESCE(t.processlist_info, 'idle'), 80))
		FROM performance_schema.metadata_locks m JOIN performance_schema.threads t ON t.thread_id = m.owner_thread_id
		WHERE m.object_type = 'TABLE' AND m.object_schema = DATABASE() AND m.lock_status = 'GRANTED'
		AND t.processlist_id NOT IN (?, ?) AND m.object_name IN (?`+strings.Repeat(", ?", len(tables)-1)+`)`, names...)
}

// list runs a query whose first two parameters are our own connections.
func (s *session) list(ctx context.Context, query string, args ...any) ([]string, error) {
	worker := s.guard.id
	if s.worker != nil {
		worker = s.worker.id
	}
	rows, err := s.guard.QueryContext(ctx, query, slices.Concat([]any{s.guard.id, worker}, args)...)
	if err != nil {
		return nil, fmt.Errorf("look who is in the way: %w", err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var who string
		if err := rows.Scan(&who); err != nil {
			return nil, fmt.Errorf("look who is in the way: %w", err)
		}
		list = append(list, strings.Join(strings.Fields(who), " "))
	}
	return list, rows.Err()
}
