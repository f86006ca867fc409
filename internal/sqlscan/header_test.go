package sqlscan_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

func TestParseHeader(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		src  string
		want sqlscan.Header
	}{
		"none":         {"select 1 -- nothing", sqlscan.Header{}},
		"phase":        {"-- why\n-- lockstep:phase expand nobody reads it\nselect 1", sqlscan.Header{Phase: "expand", PhaseReason: "nobody reads it", Line: 2}},
		"phase alone":  {"--lockstep:phase contract\r\nselect 1", sqlscan.Header{Phase: "contract", Line: 1}},
		"irreversible": {"-- lockstep:irreversible rows are gone", sqlscan.Header{Irreversible: "rows are gone"}},
		"ours":         {"-- lockstep:no-transaction", sqlscan.Header{NoTransaction: true}},
		"goose":        {"-- +goose NO TRANSACTION", sqlscan.Header{NoTransaction: true}},
		"atlas":        {"-- atlas:txmode none", sqlscan.Header{NoTransaction: true}},
		"dbmate":       {"-- migrate:up transaction:false", sqlscan.Header{NoTransaction: true}},
		"nolint":       {"select 1;\n-- lockstep:nolint no-way-back we keep a copy", sqlscan.Header{NoLint: []sqlscan.NoLint{{Code: "no-way-back", Reason: "we keep a copy", Line: 2}}}},
		"in a string":  {"select '\n-- lockstep:phase contract'", sqlscan.Header{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sqlscan.ParseHeader([]byte(tt.src))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestParseHeaderRefuses(t *testing.T) {
	t.Parallel()
	src := strings.Join([]string{
		"-- lockstep:irreversible",
		"-- lockstep:nolint some-code",
		"-- lockstep:phase deploy",
		"-- lockstep:frase expand",
		"select 1;",
		"-- lockstep:no-transaction",
	}, "\n")
	_, err := sqlscan.ParseHeader([]byte(src))
	want := strings.Join([]string{
		`1:1: irreversible has no reason; write "-- lockstep:irreversible REASON"; the approver reads it`,
		`2:1: nolint has no code or no reason; write "-- lockstep:nolint CODE REASON"; the approver reads it`,
		`3:1: phase is "deploy", expected expand or contract; write "-- lockstep:phase expand REASON"`,
		`4:1: unknown directive "lockstep:frase"; expected lockstep:phase, lockstep:irreversible, lockstep:no-transaction or lockstep:nolint`,
		`6:1: "lockstep:no-transaction" stands behind a statement; move it above the first statement`,
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func FuzzParseHeader(f *testing.F) {
	f.Add([]byte("-- lockstep:phase expand x\n-- lockstep:nolint a b\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		h, err := sqlscan.ParseHeader(src)
		if err == nil && h.Phase != "" && h.Phase != "expand" && h.Phase != "contract" {
			t.Fatalf("phase %q", h.Phase)
		}
	})
}
