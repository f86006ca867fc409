package view

import (
	"testing"

	"github.com/lockstep-dev/lockstep/internal/doctor"
)

func patients() []doctor.Patient {
	return []doctor.Patient{
		{Name: "this machine", Signs: []doctor.Sign{
			{Subject: "terraform", Verdict: doctor.OK, Seen: "terraform 1.11.4, found on PATH, /usr/bin/terraform"},
			{Subject: "disk", Verdict: doctor.Note, Seen: "300 MiB free where the journal is", Why: "it fills up", Next: "make room"},
		}},
		{Name: "environment production", Where: "production", Signs: []doctor.Sign{{Subject: "variables", Verdict: doctor.OK, Seen: "all have a value"}}},
		{Name: "database.orders", Where: "production", Signs: []doctor.Sign{
			{Subject: "server", Verdict: doctor.OK, Seen: "PostgreSQL 15.18, primary, database orders, user owner"},
			{
				Subject: "transactions", Verdict: doctor.Problem, Why: "a change of a table that it has read waits for its end",
				Seen: "pid 4711 (user app, reports) open for 3h, idle in transaction: SELECT \x1b[31m* FROM orders WHERE created_at > now() - interval '1 day'",
				Next: "SELECT pg_terminate_backend(4711), if nobody needs it",
			},
		}},
		{Name: "database.cache", Where: "production", Signs: []doctor.Sign{
			{Subject: "server", Verdict: doctor.Unreachable, Seen: "connection refused", Why: "nothing can be said about the rest", Next: "check the url"},
		}},
	}
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	for name, columns := range map[string]int{"doctor.txt": 100, "doctor_narrow.txt": 60} {
		out, buf := screen(columns)
		if err := (Doctor{out}).Text(patients()); err != nil {
			t.Fatal(err)
		}
		golden(t, name, buf.Bytes())
		fits(t, columns, buf.Bytes())
	}
	out, buf := screen(100)
	if err := (Doctor{out}).JSON(patients()); err != nil {
		t.Fatal(err)
	}
	golden(t, "doctor.json", buf.Bytes())
}
