package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

func TestQuery(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	rows, err := postgres.Query(t.Context(), b.url, `
		SELECT count(*) AS n, 1.5::numeric AS d, 'x' AS s, true AS b, NULL AS nothing, timestamptz '2026-01-02 03:04:05+00' AS t, 0.5::float8 AS f;`)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%T %v", rows[0]["n"], rows); got != "int64 [map[b:true d:1.5 f:0.5 n:1 nothing:<nil> s:x t:2026-01-02T03:04:05Z]]" {
		t.Errorf("got %s", got)
	}
	if rows, err := postgres.Query(t.Context(), b.url, "SELECT 1 WHERE false"); err != nil || len(rows) != 0 {
		t.Errorf("no rows: %v, %v", rows, err)
	}
	for query, want := range map[string]string{
		"create table a (id int)":                "read-only",
		"select 1; select 2":                     "found 2 statements, expected one",
		"-- nothing":                             "found 0 statements, expected one",
		"commit":                                 "found COMMIT, expected a statement that reads",
		"select 'a":                              "unterminated string",
		"select 1 as a, 2 as a":                  "two columns are named a",
		"select * from generate_series(1, 1001)": "more than 1000 rows",
		"select nothing":                         `column "nothing" does not exist`,
		"select set_config('a.b', pg_sleep(0)::text || repeat('x', 1/0), false)": "division by zero",
	} {
		if _, err := postgres.Query(t.Context(), b.url, query); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", query, err, want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := postgres.Query(ctx, b.url, "select pg_sleep(60)"); err == nil || time.Since(start) > 10*time.Second {
		t.Errorf("a slow query: %v after %s", err, time.Since(start))
	}
	if _, err := postgres.Query(t.Context(), "postgres://u:hunter22@127.0.0.1:1/x?sslmode=disable", "select 1"); err == nil || strings.Contains(err.Error(), "hunter22") || errors.Is(err, context.Canceled) {
		t.Errorf("unreachable: %v", err)
	}
}
