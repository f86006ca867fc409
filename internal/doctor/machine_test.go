package doctor_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/doctor"
)

func TestJudgeTool(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		tool doctor.Tool
		want doctor.Verdict
	}{
		"there":    {doctor.Tool{Name: "terraform", Path: "/bin/terraform", Found: "terraform 1.11.4"}, doctor.OK},
		"optional": {doctor.Tool{Name: "terraform", Reason: "not on PATH"}, doctor.Note},
		"required": {doctor.Tool{Name: "terraform", Reason: "not on PATH", Required: ">= 1.5"}, doctor.Problem},
	}
	for name, test := range tests {
		if got := doctor.JudgeTool(test.tool); got.Verdict != test.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestJudgeMirror(t *testing.T) {
	t.Parallel()
	if got := doctor.JudgeMirror(doctor.Mirror{}); len(got) != 0 {
		t.Errorf("registries give a sign: %+v", got)
	}
	got := doctor.JudgeMirror(doctor.Mirror{Place: "/srv/mirror", Named: "named by LOCKSTEP_PLUGIN_MIRROR"})
	if len(got) != 1 || got[0].Verdict != doctor.OK || !strings.Contains(got[0].Seen, "/srv/mirror, named by LOCKSTEP_PLUGIN_MIRROR") {
		t.Errorf("a good mirror: %+v", got)
	}
	got = doctor.JudgeMirror(doctor.Mirror{Reason: "no such folder"})
	if len(got) != 1 || got[0].Verdict != doctor.Problem || !strings.Contains(got[0].Seen, "no such folder") || got[0].Next == "" {
		t.Errorf("a bad mirror: %+v", got)
	}
}

func TestJudgeJournal(t *testing.T) {
	t.Parallel()
	good := doctor.Journal{Path: ".lockstep", Mode: 0o700, Owner: "ci", Runs: 3, Free: 1 << 40}
	tests := map[string]struct {
		change  func(*doctor.Journal)
		subject string
		want    doctor.Verdict
		says    string
	}{
		"good":       {func(*doctor.Journal) {}, "journal", doctor.OK, "0700"},
		"missing":    {func(j *doctor.Journal) { j.Missing = true }, "journal", doctor.OK, "the first run makes it"},
		"read only":  {func(j *doctor.Journal) { j.Writable = errors.New("read-only file system") }, "journal", doctor.Problem, "read-only"},
		"open":       {func(j *doctor.Journal) { j.Mode = 0o777 }, "journal", doctor.Problem, "chmod -R go-w .lockstep"},
		"foreign":    {func(j *doctor.Journal) { j.Foreign = true }, "journal", doctor.Note, "one user"},
		"broken":     {func(j *doctor.Journal) { j.Broken = errors.New("record 3: checksum") }, "records", doctor.Problem, "record 3"},
		"full":       {func(j *doctor.Journal) { j.Free = 1 << 20 }, "disk", doctor.Problem, "make room"},
		"unknowable": {func(j *doctor.Journal) { j.Free = -1 }, "disk", doctor.OK, "cannot be told"},
	}
	for name, test := range tests {
		j := good
		test.change(&j)
		for _, s := range doctor.JudgeJournal(j) {
			if s.Subject == test.subject && (s.Verdict != test.want || !strings.Contains(s.Seen+s.Next, test.says)) {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}

func TestJudgeVariables(t *testing.T) {
	t.Parallel()
	missing := []string{`No value for variable "url"`}
	for _, test := range []struct {
		mistakes []string
		asked    bool
		want     doctor.Verdict
	}{{nil, true, doctor.OK}, {missing, true, doctor.Problem}, {missing, false, doctor.Note}} {
		if got := doctor.JudgeVariables(test.mistakes, test.asked); got.Verdict != test.want {
			t.Errorf("%+v: %+v", test, got)
		}
	}
}

func TestWorst(t *testing.T) {
	t.Parallel()
	of := func(list ...doctor.Verdict) []doctor.Patient {
		var p []doctor.Patient
		for _, v := range list {
			p = append(p, doctor.Patient{Signs: []doctor.Sign{{Verdict: v}}})
		}
		return p
	}
	for want, list := range map[doctor.Verdict][]doctor.Verdict{
		doctor.OK: {}, doctor.Note: {doctor.OK, doctor.Note}, doctor.Problem: {doctor.Problem, doctor.OK},
		doctor.Unreachable: {doctor.Problem, doctor.Unreachable, doctor.Note},
	} {
		if got := doctor.Worst(of(list...)); got != want {
			t.Errorf("%v: got %s, want %s", list, got, want)
		}
	}
}
