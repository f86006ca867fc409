package database

import (
	"slices"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

func TestDriftOfAHistory(t *testing.T) {
	t.Parallel()
	file := func(version uint64, text string) plans.MigrationFile {
		name := map[uint64]string{1: "1_a", 2: "2_b", 3: "3_c"}[version]
		return plans.MigrationFile{Version: version, Up: plans.SQLFile{
			Path: "m/" + name + ".up.sql", Bytes: []byte(text), Digest: plans.DigestOf([]byte(text)),
		}}
	}
	row := func(version uint64, text string) Receipt {
		r := Receipt{Version: version, Name: map[uint64]string{1: "a", 2: "b", 3: "c"}[version]}
		if text != "" {
			r.Up = plans.DigestOf([]byte(text))
		}
		return r
	}
	const sql, other, contract = "SELECT 1;", "SELECT 2;", "-- lockstep:phase contract later\nSELECT 1;"
	for name, c := range map[string]struct {
		state   State
		files   []plans.MigrationFile
		pending bool
		journal string
		want    []string
	}{
		"as applied":               {state: State{Version: 1, History: []Receipt{row(1, sql)}}, files: []plans.MigrationFile{file(1, sql), file(2, sql)}, journal: "1"},
		"edited":                   {state: State{Version: 1, History: []Receipt{row(1, sql)}}, files: []plans.MigrationFile{file(1, other)}, want: []string{"1_a edited"}},
		"deleted":                  {state: State{Version: 1, History: []Receipt{row(1, sql)}}, want: []string{"1_a deleted"}},
		"dirty":                    {state: State{Version: 1, Dirty: true, History: []Receipt{row(1, sql)}}, files: []plans.MigrationFile{file(1, sql)}, want: []string{"version 1 dirty"}},
		"moved on by another tool": {state: State{Version: 2, History: []Receipt{row(1, sql)}}, files: []plans.MigrationFile{file(1, sql)}, want: []string{"version 2 not ours"}},
		"moved back":               {state: State{Version: 1, History: []Receipt{row(1, sql), row(2, sql)}}, files: []plans.MigrationFile{file(1, sql), file(2, sql)}, want: []string{"2_b taken back elsewhere"}},
		"unknown version":          {state: State{Version: 9}, files: []plans.MigrationFile{file(1, sql)}, want: []string{"version 9 unknown"}},
		"restored from a backup":   {state: State{Version: 1, History: []Receipt{row(1, sql)}}, files: []plans.MigrationFile{file(1, sql)}, journal: "2", want: []string{"version 1 differs from the journal"}},
		"passed over":              {state: State{Version: 2, History: []Receipt{row(2, sql)}}, files: []plans.MigrationFile{file(1, sql), file(2, sql)}, want: []string{"1_a passed over"}},
		"still pending":            {state: State{Version: 2, History: []Receipt{row(2, sql)}}, files: []plans.MigrationFile{file(1, sql), file(2, sql)}, pending: true},
		"a contract that waits":    {state: State{Version: 2, History: []Receipt{row(2, sql)}}, files: []plans.MigrationFile{file(1, contract), file(2, sql)}},
		"before the takeover":      {state: State{Version: 3, History: []Receipt{row(2, ""), row(3, sql)}}, files: []plans.MigrationFile{file(1, sql), file(2, sql), file(3, sql)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := drift{state: c.state, request: providers.DriftRequest{Migrations: c.files, Settled: !c.pending, Version: c.journal, Run: "r-0001"}}
			d.compare()
			var got []string
			for _, i := range d.items {
				got = append(got, i.Address+" "+i.What)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}
