package trace

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// ran is how often routines have been called in a transaction.
type ran map[int64]routine

type routine struct {
	name  string
	calls int64
	// catches is true when its text has a block with EXCEPTION.
	catches bool
}

// readRoutines reads which routines the worker's transaction has called, as far
// as the server counts them (track_functions). What a C function does depends on
// no table, nor does an immutable one.
// https://www.postgresql.org/docs/current/monitoring-stats.html, on
// pg_stat_xact_user_functions
func (t *Tracer) readRoutines(ctx context.Context) (ran, error) {
	rows, err := t.worker.QueryContext(ctx, fmt.Sprintf(`
		SELECT s.funcid::bigint, pg_catalog.quote_ident(s.schemaname) || '.' || pg_catalog.quote_ident(s.funcname), s.calls,
			coalesce(p.prosrc ~* '%s', false)
		FROM pg_catalog.pg_stat_xact_user_functions s
		JOIN pg_catalog.pg_proc p ON p.oid = s.funcid
		JOIN pg_catalog.pg_language l ON l.oid = p.prolang
		WHERE s.schemaname <> '%s' AND p.provolatile <> 'i' AND l.lanname NOT IN ('c', 'internal')`, `exception\s+when`, Schema))
	if err != nil {
		return nil, fmt.Errorf("read which routines were called: %w", err)
	}
	defer rows.Close()
	found := ran{}
	for rows.Next() {
		var oid int64
		var r routine
		if err := rows.Scan(&oid, &r.name, &r.calls, &r.catches); err != nil {
			return nil, fmt.Errorf("read which routines were called: %w", err)
		}
		found[oid] = r
	}
	return found, rows.Err()
}

var (
	runsCode    = regexp.MustCompile(`(?i)^\s*(do|call)\b`)
	catchesText = regexp.MustCompile(`(?i)\bexception\s+when\b`)
)

// codeOf tells of a statement which code has run in it, and what of that cannot
// be seen: whatever a block with EXCEPTION locks is let go when the block fails.
func codeOf(text string, now, before ran) (code, unseen []string) {
	catches := false
	if word := runsCode.FindStringSubmatch(text); word != nil {
		code = append(code, strings.ToUpper(word[1]))
		catches = catchesText.MatchString(text)
	}
	for oid, r := range now {
		if r.calls > before[oid].calls {
			code = append(code, r.name)
			catches = catches || r.catches
		}
	}
	slices.Sort(code)
	code = slices.Compact(code)
	if len(code) > 0 {
		unseen = append(unseen, "what its code does where there are rows: it ran on empty tables")
	}
	if catches {
		unseen = append(unseen, "locks of a block with EXCEPTION that failed: they are let go with it")
	}
	return code, unseen
}
