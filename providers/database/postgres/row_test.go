package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/faultproxy"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// row is steps that may be carried out together, as a rollout hands them over.
type row struct {
	*bench
	held  *providers.Held
	steps []providers.Request
	ahead []string
}

func newRow(b *bench, files ...string) *row {
	r := &row{bench: b, held: new(providers.Held)}
	b.t.Cleanup(func() { _ = r.held.Close() })
	b.apply(b.step(1, "create table first (id int)", "drop table first")) // makes the books
	for i, up := range files {
		req := b.planned(b.step(i+2, up, "select 1"))
		req.Held = r.held
		r.steps = append(r.steps, req)
	}
	for i := range r.steps {
		r.steps[i].Following = slices.Values(r.steps[i+1:])
		r.steps[i].Ahead = func(address string) { r.ahead = append(r.ahead, address) }
	}
	return r
}

// behindProxy puts a proxy between the steps, which there are already, and the
// database.
func (r *row) behindProxy() *faultproxy.Proxy {
	r.t.Helper()
	p := r.bench.behindProxy()
	for i := range r.steps {
		r.steps[i].Settings = r.settings("")
	}
	return p
}

// applyAll applies one step after the other until one fails.
func (r *row) applyAll() (results []providers.Result, err error) {
	for _, req := range r.steps {
		result, err := postgres.New().Apply(r.t.Context(), req)
		if err != nil {
			return results, err
		}
		results = append(results, result)
	}
	return results, nil
}

func tables(n int) []string {
	files := make([]string, n)
	for i := range files {
		files[i] = fmt.Sprintf("create table t%d (id int);\ncreate index on t%d (id)", i+2, i+2)
	}
	return files
}

func TestARowIsOneTransactionEach(t *testing.T) {
	t.Parallel()
	r := newRow(newBench(t), tables(5)...)
	results, err := r.applyAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, result := range results {
		if want := fmt.Sprintf("%d -> %d", i+1, i+2); !result.Changed || result.Summary != want || result.Figures["tries"] != 1 {
			t.Errorf("step %d: %+v, expected %s", i, result, want)
		}
	}
	r.want(`SELECT count(*), count(DISTINCT xid), count(DISTINCT applied_at) FROM lockstep.history`, "6,6,6")
	r.want(`SELECT bool_and(h.xid = c.xmin::text) FROM lockstep.history h JOIN pg_class c ON c.relname = 't' || h.version`, "t")
	r.want(`SELECT version, dirty FROM schema_migrations`, "6,f")
	// The first step has no session to go on with; the second takes the rest along.
	if len(r.ahead) == 0 {
		t.Error("nothing was carried out together: the test looks at nothing")
	}
}

func TestARowEndsAtItsFirstError(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]string{
		"when it is alone": "create table x (id int);\n\nalter table nowhere add column n int",
		"when it is read":  "create table x (id int);\n\ncreate tabel nowhere (n int)",
		"another's commit": "create table x (id int);\n\ncreate table t2 (id int)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := tables(6)
			files[3] = broken
			r := newRow(newBench(t), files...)
			results, err := r.applyAll()
			if err == nil || !strings.Contains(err.Error(), "m/0005_step.up.sql:") || len(results) != 3 {
				t.Fatalf("%d done, %v", len(results), err)
			}
			r.want(`SELECT max(version), count(*), to_regclass('x') IS NULL AND to_regclass('t6') IS NULL FROM lockstep.history`, "4,4,t")
			r.verdict(r.steps[4], providers.Absent)
		})
	}
}

// What a file leaves in its session does not reach the next one of its row.
func TestARowForgetsBetweenFiles(t *testing.T) {
	t.Parallel()
	r := newRow(newBench(t), "create table a (id int)", "create temp table mine (id int)",
		"create table leaky as select set_config('work_mem', '77MB', false) as x",
		"create table seen as select current_setting('work_mem') as memory, to_regclass('pg_temp.mine')::text as temporary")
	if _, err := r.applyAll(); err != nil {
		t.Fatal(err)
	}
	r.want("SELECT * FROM seen", "4MB,")
}

// When the answer to a row is lost, the receipts tell how far it came.
func TestARowsLostAnswerIsRead(t *testing.T) {
	t.Parallel()
	for _, before := range []bool{true, false} {
		t.Run(fmt.Sprintf("before=%t", before), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			direct := b.url
			r := newRow(b, tables(5)...)
			p := r.behindProxy()
			// The third file's text goes over with others before it.
			p.Arm(faultproxy.Fault{From: faultproxy.Client, Says: "create table t4 ", Before: before})
			_, err := r.applyAll()
			if err != nil && before {
				_, err = r.applyAll()
			}
			if m, happened := p.Happened(); err != nil || strings.Count(string(m.Body), "create table t") < 2 {
				t.Fatalf("%v; cut: %t at %s", err, happened, m)
			}
			b.url = direct
			b.want(`SELECT count(*), max(version) FROM lockstep.history`, "6,6")
			if !slices.Contains(r.ahead, r.steps[4].Step.Address) {
				t.Errorf("ahead: %q", r.ahead)
			}
		})
	}
}
