package doctor_test

import (
	"errors"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/doctor"
)

func TestJudgeSQLite(t *testing.T) {
	t.Parallel()
	good := doctor.SQLite{File: "a.db", There: true, Size: 4096, Version: "3.50", Check: "ok", State: "version 1", Free: 1 << 40}
	tests := map[string]struct {
		change  func(*doctor.SQLite)
		subject string
		want    doctor.Verdict
	}{
		"good":      {func(*doctor.SQLite) {}, "file", doctor.OK},
		"new":       {func(f *doctor.SQLite) { f.There = false }, "file", doctor.OK},
		"read only": {func(f *doctor.SQLite) { f.Writable = errors.New("permission denied") }, "file", doctor.Problem},
		"damaged":   {func(f *doctor.SQLite) { f.Check = "row 3 missing from index" }, "file", doctor.Problem},
		"dirty":     {func(f *doctor.SQLite) { f.Dirty = true }, "schema", doctor.Problem},
		"no room":   {func(f *doctor.SQLite) { f.Free = 1 << 20 }, "disk", doctor.Note},
		"unknown":   {func(f *doctor.SQLite) { f.Free = -1 }, "disk", doctor.OK},
	}
	for name, test := range tests {
		f := good
		test.change(&f)
		for _, s := range doctor.JudgeSQLite(f) {
			if s.Subject == test.subject && s.Verdict != test.want {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}
