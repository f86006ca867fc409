package adopt

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

func TestParseGoose(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, up, down, err string }{
		{"both", "-- +goose Up\nA;\n-- +goose Down\nB;\n", "A;\n", "B;\n", ""},
		{"up alone", "-- a word\n\n-- +goose up\nA;\n", "A;\n", "", ""},
		{"windows", "-- +goose Up\r\nA;\r\n-- +goose Down\r\nB;\r\n", "A;\r\n", "B;\r\n", ""},
		{"statement without semicolon", "-- +goose Up\n-- +goose StatementBegin\nA\n-- +goose StatementEnd\nB;\n", "A\n;\nB;\n", "", ""},
		{"statement with semicolons", "-- +goose Up\n-- +goose StatementBegin\nA; B;\n-- +goose StatementEnd\n", "A; B;\n", "", ""},
		{"no transaction", "-- +goose NO TRANSACTION\n-- +goose Up\nA;\n-- +goose Down\nB;\n", noTransaction + "A;\n", noTransaction + "B;\n", ""},
		{"no annotation", "A;\n", "", "", "before"},
		{"empty", "", "", "", errGooseUp.Error()},
		{"twice", "-- +goose Up\n-- +goose Up\n", "", "", "line 2: \"-- +goose Up\" twice"},
		{"down first", "-- +goose Down\n", "", "", "without"},
		{"down inside of a statement", "-- +goose Up\n-- +goose StatementBegin\n-- +goose Down\n", "", "", "without"},
		{"statement never ends", "-- +goose Up\n-- +goose StatementBegin\nA\n", "", "", "without its StatementEnd"},
		{"end without begin", "-- +goose Up\n-- +goose StatementEnd\n", "", "", "out of place"},
		{"environment", "-- +goose Up\n-- +goose ENVSUB ON\n", "", "", "ENVSUB"},
		{"environment off", "-- +goose Up\n-- +goose ENVSUB OFF\nA;\n", "A;\n", "", ""},
		{"unknown", "-- +goose Sideways\n", "", "", `"Sideways" is not known`},
		{"indented", " -- +goose Up\n", "", "", "white space"},
	} {
		up, down, err := parseGoose(c.text)
		compareParsed(t, c.name, parsed{up, down, err}, parsed{c.up, c.down, nil}, c.err)
	}
}

type parsed struct {
	up, down string
	err      error
}

func compareParsed(t *testing.T, name string, got, want parsed, wantErr string) {
	t.Helper()
	if wantErr != "" {
		if got.err == nil || !strings.Contains(got.err.Error(), wantErr) {
			t.Errorf("%s: error %v, want %q", name, got.err, wantErr)
		}
		return
	}
	if got != want {
		t.Errorf("%s\ngot  %q %q %v\nwant %q %q", name, got.up, got.down, got.err, want.up, want.down)
	}
}

func TestParseDbmate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, up, down, err string }{
		{"both", "-- migrate:up\nA;\n-- migrate:down\nB;\n", "A;\n", "B;\n", ""},
		{"no transaction", "-- migrate:up transaction:false\nA;\n-- migrate:down\nB;\n", noTransaction + "A;\n", "B;\n", ""},
		{"up alone", "--migrate:up\nA;", "A;", "", ""},
		{"statement before", "A;\n-- migrate:up\n", "", "", "before"},
		{"none", "A;", "", "", "before"},
		{"empty", "", "", "", errDbmateUp.Error()},
		{"twice", "-- migrate:up\n-- migrate:up\n", "", "", "line 2"},
	} {
		up, down, err := parseDbmate(c.text)
		compareParsed(t, c.name, parsed{up, down, err}, parsed{c.up, c.down, nil}, c.err)
	}
}

func TestParseLiquibase(t *testing.T) {
	t.Parallel()
	text := "--liquibase formatted sql\n\n--changeset alice:1 runInTransaction:false\n--comment: x\nA;\n--rollback B\n--rollback   C;\n" +
		"--changeset \"bob b\":\"2 x\" context:test\nD;\n--rollback empty\n--changeset c:3\n--preconditions onFail:HALT\nE ${x};\n"
	sets, err := parseLiquibase(text)
	if err != nil || len(sets) != 3 {
		t.Fatalf("%d change sets, %v", len(sets), err)
	}
	for i, want := range []changeSet{
		{author: "alice", id: "1", sql: "A;\n", down: "B\n  C;\n", line: 3},
		{author: "bob b", id: "2 x", sql: "D;\n", refused: "context:test", line: 8},
		{author: "c", id: "3", refused: "--preconditions onFail:HALT", line: 11},
	} {
		got := sets[i]
		got.attributes = ""
		if got != want {
			t.Errorf("change set %d\ngot  %+v\nwant %+v", i+1, got, want)
		}
	}
	for _, bad := range []string{"", "A;", "--liquibase formatted sql\nA;\n--changeset a:1\n"} {
		if _, err := parseLiquibase(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestNumberVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ versions, want string }{
		{"1 2 10", "1 2 10"},
		{"1 1.1 1.10 2", "1000 1001 1010 2000"},
		{"1.2.3 1.2 10", "1002003 1002000 10000000"},
		{"20240101120000 20240101120000.1", "20240101120000000 20240101120000001"},
		{"1.12345 1.2", "112345 100002"},
		{"99999999999999999.1", "error"},
	} {
		set := map[string]bool{}
		for _, v := range strings.Fields(c.versions) {
			set[v] = true
		}
		numbers, err := numberVersions(set)
		var got []string
		for _, v := range strings.Fields(c.versions) {
			got = append(got, numbers[v])
		}
		text := strings.Join(got, " ")
		if err != nil {
			text = "error"
		}
		if text != c.want {
			t.Errorf("%s: got %s, want %s", c.versions, text, c.want)
		}
	}
}

func TestFlywayVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"1": "1", "001": "1", "1_2": "1.2", "1.0": "1", "2.0.1": "2.0.1", "0": "0", "1.10.": "1.10"} {
		if got := flywayVersion(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// The lines count, their ends do not.
func TestFlywayChecksum(t *testing.T) {
	t.Parallel()
	want := flywayChecksum([]byte("SELECT 1;\nSELECT 2;\n"))
	for _, same := range []string{"SELECT 1;\r\nSELECT 2;", "\ufeffSELECT 1;\rSELECT 2;\n", "SELECT 1;\n\n\nSELECT 2;"} {
		if got := flywayChecksum([]byte(same)); got != want {
			t.Errorf("%q: got %s, want %s", same, got, want)
		}
	}
	if flywayChecksum([]byte("SELECT 1; \nSELECT 2;\n")) == want {
		t.Error("a blank inside of a line does not count")
	}
}

func TestInstant(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-01-02T03:04:05.678901Z": "2026-01-02T03:04:05.678901Z",
		"2026-01-02 03:04:05":         "2026-01-02T03:04:05.000000Z",
		"2026-01-02 03:04:05.5+02:00": "2026-01-02T01:04:05.500000Z",
		"yesterday":                   "",
		"":                            "",
	} {
		if got := instant(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// FuzzParsers feeds every parser of foreign files the same text. None may
// panic, and what a parser takes must be what its tool would run: no line of
// the file may be lost but annotations, comments and white space.
func FuzzParsers(f *testing.F) {
	f.Add("-- +goose Up\nA;\n-- +goose Down\nB;\n")
	f.Add("-- migrate:up transaction:false\nA;\n-- migrate:down\nB;\n")
	f.Add("--liquibase formatted sql\n--changeset a:1\nA;\n--rollback B;\n")
	f.Add("-- atlas:txmode none\nA;")
	f.Fuzz(func(t *testing.T, text string) {
		if up, down, err := parseGoose(text); err == nil {
			nothingLost(t, text, up+down)
		}
		if up, down, err := parseDbmate(text); err == nil {
			nothingLost(t, text, up+down)
		}
		if sets, err := parseLiquibase(text); err == nil {
			for _, c := range sets {
				_ = liquibaseSum(c.sql)
			}
		}
		if up, err := parseAtlas(text); err == nil {
			nothingLost(t, text, up)
		}
		_ = flywayChecksum([]byte(text))
		_ = flywayVersion(text)
		_ = slug(text)
		_, _ = (&assessment{Evidence: Evidence{Split: sqlscan.Split}}).section(text)
	})
}

func nothingLost(t *testing.T, text, taken string) {
	t.Helper()
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, " \t\r")
		if line != "" && !strings.HasPrefix(strings.TrimSpace(line), "--") && !strings.Contains(taken, line) {
			t.Fatalf("line %q of %q is not in %q", line, text, taken)
		}
	}
}
