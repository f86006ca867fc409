package doctor_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/doctor"
)

// healthy is a server at which nothing is wrong.
func healthy() doctor.Postgres {
	f := doctor.Postgres{
		Version: "15.18 (Debian)", VersionNumber: 150018, Database: "orders", User: "owner", Lock: "session",
		Rights: doctor.PostgresRights{
			CreateInDatabase: true, SchemaName: "public", CreateInSchema: true, HasBooks: true, WritesBooks: true,
			Tables: 3, SeesActivity: true, EndsBackends: true,
		},
		Schema:     doctor.PostgresSchema{VersionTable: "schema_migrations", State: "version 7"},
		Replicas:   []doctor.Replica{{Name: "two", State: "streaming", Lag: time.Second, Behind: 4096}},
		Statements: doctor.StatStatements{Installed: true, Readable: true},
		Storage:    doctor.Storage{Database: 1 << 30, WAL: 1 << 28, Free: 1 << 34},
		Settings:   map[string]string{"lock_timeout": "0", "statement_timeout": "0", "default_transaction_read_only": "off"},
		Skew:       20 * time.Millisecond, SkewError: time.Millisecond,
	}
	f.Connections.Max, f.Connections.Reserved, f.Connections.Used = 100, 3, 20
	return f
}

// symptom is a server that is not healthy, and what is to be said of it.
type symptom struct {
	change  func(*doctor.Postgres)
	subject string
	verdict doctor.Verdict
	says    string
}

func TestJudgePostgres(t *testing.T) {
	t.Parallel()
	for _, s := range doctor.JudgePostgres(healthy()) {
		if s.Verdict != doctor.OK || s.Why != "" || s.Next != "" {
			t.Errorf("a healthy server: %+v", s)
		}
	}
	tests := symptomsOfSchema()
	maps.Copy(tests, symptomsOfServer())
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := healthy()
			test.change(&f)
			found := false
			for _, s := range doctor.JudgePostgres(f) {
				if s.Subject != test.subject {
					continue
				}
				found = true
				if s.Verdict != test.verdict || !strings.Contains(s.Seen+s.Why+s.Next, test.says) {
					t.Errorf("got %+v, want %s with %q", s, test.verdict, test.says)
				}
				if s.Verdict != doctor.OK && (s.Why == "" || s.Next == "") {
					t.Errorf("no reason or no next step: %+v", s)
				}
			}
			if !found {
				t.Errorf("nothing is said of %s", test.subject)
			}
		})
	}
}

func symptomsOfSchema() map[string]symptom {
	return map[string]symptom{
		"old":         {func(f *doctor.Postgres) { f.VersionNumber, f.Version = 120019, "12.19" }, "server", doctor.Problem, "13 or newer"},
		"standby":     {func(f *doctor.Postgres) { f.Standby = true }, "server", doctor.Problem, "the primary's url"},
		"pooler":      {func(f *doctor.Postgres) { f.Pooled = true }, "pooler", doctor.Problem, "direct_url"},
		"lease":       {func(f *doctor.Postgres) { f.Pooled, f.Lock = true, "lease" }, "pooler", doctor.Note, "between two"},
		"lease, cut":  {func(f *doctor.Postgres) { f.Pooled, f.Lock, f.Settings["statement_timeout"] = true, "lease", "1min" }, "settings", doctor.Note, "INVALID"},
		"elsewhere":   {func(f *doctor.Postgres) { f.OtherTarget = "a is not b" }, "direct_url", doctor.Problem, "correct direct_url"},
		"no schema":   {func(f *doctor.Postgres) { f.Rights.SchemaName = "" }, "rights", doctor.Problem, "search_path"},
		"no create":   {func(f *doctor.Postgres) { f.Rights.CreateInSchema = false }, "rights", doctor.Problem, "GRANT CREATE ON SCHEMA public TO owner"},
		"no database": {func(f *doctor.Postgres) { f.Rights.HasBooks, f.Rights.CreateInDatabase = false, false }, "rights", doctor.Problem, "CREATE SCHEMA lockstep"},
		"no books":    {func(f *doctor.Postgres) { f.Rights.WritesBooks = false }, "rights", doctor.Problem, "GRANT ALL ON SCHEMA lockstep TO owner"},
		"not owned": {func(f *doctor.Postgres) {
			f.Rights.NotOwned, f.Rights.NotOwnedCount = []string{"a", "b", "c", "d"}, 5
		}, "owner", doctor.Note, "a, b, c and 2 more"},
		"no sight":       {func(f *doctor.Postgres) { f.Rights.SeesActivity = false }, "sight", doctor.Note, "GRANT pg_read_all_stats TO owner"},
		"no end":         {func(f *doctor.Postgres) { f.Rights.EndsBackends = false }, "sight", doctor.Note, "GRANT pg_signal_backend TO owner"},
		"sees, ends not": {func(f *doctor.Postgres) { f.Rights.EndsBackends = false }, "sight", doctor.Note, "sees what others run, and may not end it"},
		"dirty":          {func(f *doctor.Postgres) { f.Schema.Dirty = true }, "schema", doctor.Problem, "lockstep repair"},
		"running":        {func(f *doctor.Postgres) { f.Schema.Dirty, f.Activity.Holders = true, "pid 3" }, "schema", doctor.Problem, "dirty until that ends"},
		"unrecorded":     {func(f *doctor.Postgres) { f.Schema.Unrecorded = true }, "schema", doctor.Note, "lockstep import"},
		"foreign":        {func(f *doctor.Postgres) { f.Schema.ForeignTable = "it is goose's" }, "schema", doctor.Problem, "lockstep import"},
		"forbidden":      {func(f *doctor.Postgres) { f.Schema.Unread, f.Schema.Forbidden = true, true }, "schema", doctor.Problem, "GRANT ALL ON schema_migrations TO owner"},
		"unread":         {func(f *doctor.Postgres) { f.Schema.Unread = true }, "schema", doctor.Note, "could not be read"},
		"invalid":        {func(f *doctor.Postgres) { f.Schema.InvalidIndex = []string{"i"} }, "indexes", doctor.Note, "DROP INDEX CONCURRENTLY i"},
		"unvalidated":    {func(f *doctor.Postgres) { f.Schema.NotValidated = []string{"c on t"} }, "constraints", doctor.Note, "VALIDATE CONSTRAINT"},
	}
}

func symptomsOfServer() map[string]symptom {
	backend := doctor.Backend{PID: 4711, User: "app", State: "idle in transaction", Age: 3 * time.Hour, Query: "SELECT 1"}
	return map[string]symptom{
		"migrated": {func(f *doctor.Postgres) { f.Activity.Holders = "pid 3" }, "locks", doctor.Problem, "pg_terminate_backend(PID)"},
		"leased":   {func(f *doctor.Postgres) { f.Activity.Lease = "run r-9" }, "locks", doctor.Problem, "run r-9"},
		"long":     {func(f *doctor.Postgres) { f.Activity.Long = []doctor.Backend{backend} }, "transactions", doctor.Note, "pg_terminate_backend(4711)"},
		"unknown":  {func(f *doctor.Postgres) { f.Activity.Hidden = 2 }, "transactions", doctor.Note, "2 connections of others"},
		"prepared": {func(f *doctor.Postgres) {
			f.Activity.Prepared = []doctor.Prepared{{ID: "x", Owner: "app", Age: 72 * time.Hour}}
		}, "prepared", doctor.Note, "3 days"},
		"slot":      {func(f *doctor.Postgres) { f.Activity.Slots = []doctor.Slot{{Name: "gone", Retained: 1 << 32}} }, "slots", doctor.Note, "pg_drop_replication_slot('gone')"},
		"lag":       {func(f *doctor.Postgres) { f.Replicas[0].Lag = time.Minute }, "replicas", doctor.Note, "1m0s behind"},
		"full":      {func(f *doctor.Postgres) { f.Connections.Used = 95 }, "connections", doctor.Problem, "max_connections"},
		"read only": {func(f *doctor.Postgres) { f.Settings["default_transaction_read_only"] = "on" }, "settings", doctor.Problem, "ALTER ROLE owner"},
		"clock":     {func(f *doctor.Postgres) { f.Skew = -time.Minute }, "clock", doctor.Note, "1m0s behind ours"},
		"no room":   {func(f *doctor.Postgres) { f.Storage.Free = 1 << 20 }, "disk", doctor.Note, "1024 KiB free"},
		"unseen":    {func(f *doctor.Postgres) { f.Storage.Free, f.Storage.WAL = -1, -1 }, "disk", doctor.OK, "cannot be seen from here"},
		"no stats":  {func(f *doctor.Postgres) { f.Statements = doctor.StatStatements{} }, "statements", doctor.Note, "CREATE EXTENSION"},
		"hidden":    {func(f *doctor.Postgres) { f.Statements.Readable = false }, "statements", doctor.Note, "cannot be read"},
	}
}
