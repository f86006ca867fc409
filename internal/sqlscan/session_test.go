package sqlscan_test

import (
	"testing"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

func TestSession(t *testing.T) {
	t.Parallel()
	type traits struct{ sets, forgets, locks bool }
	for src, want := range map[string]traits{
		"SET search_path = a, b":                                      {sets: true},
		"set session authorization bob":                               {sets: true},
		"SET ROLE bob":                                                {sets: true},
		"SET TIME ZONE 'UTC'":                                         {sets: true},
		"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY":        {sets: true},
		"RESET search_path":                                           {sets: true},
		"SELECT pg_catalog.set_config('search_path', '', false)":      {sets: true},
		"select set_config('search_path', 'a', false)":                {sets: true},
		"select set_config('search_path', 'a', true)":                 {},
		"select set_config('search_path', name, false) from settings": {},
		"SET LOCAL search_path = a":                                   {},
		"SET CONSTRAINTS ALL DEFERRED":                                {},
		"SET TRANSACTION READ ONLY":                                   {},
		"RESET ALL":                                                   {forgets: true},
		"DISCARD ALL":                                                 {forgets: true},
		"DISCARD PLANS":                                               {},
		"SET lock_timeout = 0":                                        {sets: true, locks: true},
		"set session lock_timeout to '2s'":                            {sets: true, locks: true},
		"/* why */ SET LOCAL lock_timeout = '2s'":                     {locks: true},
		`SET LOCAL "lock_timeout" TO DEFAULT`:                         {locks: true},
		"RESET lock_timeout":                                          {sets: true, locks: true},
		"SET statement_timeout = '1h'":                                {sets: true},
		"CREATE TABLE lock_timeout (a int)":                           {},
		"SHOW lock_timeout":                                           {},
	} {
		list, err := sqlscan.Split([]byte(src))
		if err != nil || len(list) != 1 {
			t.Fatalf("%q: %v, %v", src, list, err)
		}
		if got := (traits{list[0].SetsSession(), list[0].ForgetsSession(), list[0].LimitsLocks()}); got != want {
			t.Errorf("%q: got %+v, want %+v", src, got, want)
		}
	}
	lite, err := sqlscan.SplitSQLite([]byte("SET lock_timeout = 0"))
	if err != nil || lite[0].SetsSession() || lite[0].LimitsLocks() {
		t.Errorf("SQLite has no SET: %v", err)
	}
}

func TestWithout(t *testing.T) {
	t.Parallel()
	const src = "SET lock_timeout = 0;\r\nSELECT 1; SET LOCAL\nlock_timeout = 1; -- why\nSELECT 2"
	statements, err := sqlscan.Split([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	text, left := sqlscan.Without([]byte(src), statements, sqlscan.Statement.LimitsLocks)
	again, err := sqlscan.Split(text)
	if err != nil || len(again) != 2 || len(left) != 2 || len(text) != len(src) {
		t.Fatalf("%q: %v, %v", text, left, err)
	}
	for i, s := range again {
		if s.Text != left[i].Text || s.Line != left[i].Line || s.Column != left[i].Column {
			t.Errorf("%q has moved to %d:%d", s.Text, s.Line, s.Column)
		}
	}
	if same, all := sqlscan.Without([]byte(src), again, sqlscan.Statement.LimitsLocks); string(same) != src || len(all) != 2 {
		t.Errorf("%q was changed", same)
	}
}
