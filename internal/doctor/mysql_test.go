package doctor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/doctor"
)

// healthyMySQL is a server at which nothing is wrong.
func healthyMySQL() doctor.MySQL {
	f := doctor.MySQL{
		Version: "10.11.6-MariaDB", Database: "orders", User: "owner@%", SeesActivity: true, Durable: true, ShowsLocks: true, Size: 1 << 20,
		Rights: []string{"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "INDEX", "REFERENCES", "TRIGGER"},
		Schema: doctor.MySQLSchema{VersionTable: "schema_migrations", State: "version 7"},
	}
	f.Connections.Max, f.Connections.Used = 151, 20
	return f
}

func TestJudgeMySQL(t *testing.T) {
	t.Parallel()
	for _, s := range doctor.JudgeMySQL(healthyMySQL()) {
		if s.Verdict != doctor.OK || s.Why != "" || s.Next != "" {
			t.Errorf("a healthy server: %+v", s)
		}
	}
	backend := doctor.Backend{PID: 4711, User: "app", State: "sleep", Age: 3 * time.Hour}
	tests := map[string]struct {
		change  func(*doctor.MySQL)
		subject string
		verdict doctor.Verdict
		says    string
	}{
		"old":         {func(f *doctor.MySQL) { f.Refused = "expected MySQL 8.0 at least" }, "server", doctor.Problem, "8.0 at least"},
		"replica":     {func(f *doctor.MySQL) { f.ReadOnly = true }, "server", doctor.Problem, "the primary's url"},
		"few rights":  {func(f *doctor.MySQL) { f.Rights = f.Rights[:5] }, "rights", doctor.Problem, "has no ALTER, DROP, INDEX, REFERENCES on orders"},
		"roles":       {func(f *doctor.MySQL) { f.Rights, f.Roles = nil, true }, "rights", doctor.Note, "SHOW GRANTS"},
		"running":     {func(f *doctor.MySQL) { f.Schema.Dirty, f.Holder = true, "connection 3" }, "schema", doctor.Problem, "dirty until that ends"},
		"unrecorded":  {func(f *doctor.MySQL) { f.Schema.Unrecorded = true }, "schema", doctor.Note, "lockstep import"},
		"foreign":     {func(f *doctor.MySQL) { f.Schema.ForeignTable = "it is dbmate's" }, "schema", doctor.Problem, "lockstep import"},
		"forbidden":   {func(f *doctor.MySQL) { f.Schema.Forbidden = true }, "schema", doctor.Problem, "may not read schema_migrations"},
		"dirty":       {func(f *doctor.MySQL) { f.Schema.Dirty = true }, "schema", doctor.Problem, "lockstep repair"},
		"engines":     {func(f *doctor.MySQL) { f.Schema.NoRollback = []string{"log (MyISAM)"} }, "engines", doctor.Note, "log (MyISAM)"},
		"migrated":    {func(f *doctor.MySQL) { f.Holder = "connection 3" }, "locks", doctor.Problem, "KILL"},
		"blind":       {func(f *doctor.MySQL) { f.SeesActivity = false }, "transactions", doctor.Note, "GRANT PROCESS"},
		"long":        {func(f *doctor.MySQL) { f.Long = []doctor.Backend{backend} }, "transactions", doctor.Note, "KILL 4711"},
		"replicas":    {func(f *doctor.MySQL) { f.Replicas = 2 }, "replicas", doctor.OK, "2 replicas"},
		"full":        {func(f *doctor.MySQL) { f.Connections.Used = 150 }, "connections", doctor.Problem, "max_connections"},
		"not durable": {func(f *doctor.MySQL) { f.Durable = false }, "settings", doctor.Note, "innodb_flush_log_at_trx_commit"},
		"guessing":    {func(f *doctor.MySQL) { f.ShowsLocks = false }, "settings", doctor.Note, "guessed"},
		"clock":       {func(f *doctor.MySQL) { f.Skew = -time.Minute }, "clock", doctor.Note, "1m0s behind ours"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := healthyMySQL()
			test.change(&f)
			found := false
			for _, s := range doctor.JudgeMySQL(f) {
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
