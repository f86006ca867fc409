package postgres_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/golang-migrate/migrate/v4"

	"github.com/lockstep-dev/lockstep/internal/mend"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/internal/sqltrace"
	"github.com/lockstep-dev/lockstep/providers/database"
	"github.com/lockstep-dev/lockstep/providers/database/postgres"
)

// ground is what the statements of TestExamine work on.
const ground = `
CREATE SCHEMA app; CREATE TABLE app.t (id int, a int, b int NOT NULL, c int DEFAULT 1);
CREATE TABLE t (id int, "Odd name" int, CONSTRAINT old CHECK (id > 0));
CREATE TYPE mood AS ENUM ('sad'); CREATE DOMAIN d AS int;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE VIEW v AS SELECT 1 AS one; CREATE SEQUENCE s; CREATE INDEX i ON app.t (id);
ALTER TABLE t ADD CONSTRAINT later CHECK (id < 1000) NOT VALID;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
CREATE POLICY p ON t USING (true); CREATE RULE r AS ON DELETE TO t DO ALSO NOTHING;`

func traced() []string {
	return []string{
		`CREATE TABLE app.n (id int)`, `CREATE TABLE n (id int)`, `DROP TABLE app.t`, `CREATE VIEW w AS SELECT 1`,
		`CREATE MATERIALIZED VIEW w AS SELECT 1`, `DROP VIEW v`, `CREATE SEQUENCE app.q`, `DROP SEQUENCE s`,
		`CREATE INDEX n ON app.t (a)`, `CREATE UNIQUE INDEX CONCURRENTLY n ON t (id)`, `DROP INDEX app.i`,
		`ALTER TABLE app.t ADD COLUMN n int`, `ALTER TABLE app.t DROP COLUMN a`, `ALTER TABLE t DROP COLUMN "Odd name"`,
		`ALTER TABLE app.t ALTER a SET NOT NULL`, `ALTER TABLE app.t ALTER b DROP NOT NULL`,
		`ALTER TABLE app.t ALTER c DROP DEFAULT`, `ALTER TABLE t ADD CONSTRAINT n UNIQUE (id)`, `ALTER TABLE t DROP CONSTRAINT old`,
		`ALTER TABLE t VALIDATE CONSTRAINT later`, `CREATE TYPE app.n AS ENUM ()`, `DROP TYPE mood`, `CREATE DOMAIN n AS int`, `DROP DOMAIN d`,
		`ALTER TYPE mood ADD VALUE 'it''s fine'`, `ALTER TYPE mood RENAME VALUE 'sad' TO 'glad'`,
		`CREATE FUNCTION app.n() RETURNS int LANGUAGE sql AS 'select 1'`, `CREATE TRIGGER n BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()`,
		`DROP TRIGGER tr ON t`, `CREATE POLICY n ON app.t USING (true)`, `DROP POLICY p ON t`, `DROP RULE r ON t`,
		`CREATE RULE n AS ON DELETE TO app.t DO ALSO NOTHING`, `CREATE SCHEMA n`, `DROP SCHEMA app CASCADE`,
		`ALTER TABLE t RENAME TO u`, `ALTER TABLE app.t RENAME COLUMN a TO z`, `ALTER TABLE t RENAME CONSTRAINT old TO young`, `ALTER INDEX app.i RENAME TO j`,
	}
}

// Each kind of statement is seen in the catalog as not there before it runs,
// there after it, and with the right time relative to the mark.
func TestExamineSeesEveryKindOfStatement(t *testing.T) {
	t.Parallel()
	for _, statement := range traced() {
		t.Run(statement, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.exec(ground)
			b.exec(`CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)`)
			b.exec(`INSERT INTO schema_migrations VALUES (1, true)`)
			b.sees(statement, false, mend.Before)
			b.exec(statement)
			b.sees(statement, true, mend.After)
			b.exec(`UPDATE schema_migrations SET version = 2`)
			b.sees(statement, true, mend.Before)
		})
	}
}

// sees fails unless every trace is as the statement leaves it, or none.
func (b *bench) sees(statement string, ran bool, when mend.When) {
	b.t.Helper()
	statements, err := sqlscan.Split([]byte(statement))
	if err != nil {
		b.t.Fatal(err)
	}
	traces := sqltrace.Of(statements[0])
	sights, err := postgres.New().Examine(b.t.Context(), b.databaseBlock(""), traces)
	if err != nil || len(traces) == 0 {
		b.t.Fatalf("%d traces, %v", len(traces), err)
	}
	for _, trace := range traces {
		sight, looked := sights[trace]
		if !looked || (sight.There != trace.Gone) != ran {
			b.t.Errorf("%s: ran %v, seen %+v (looked up: %v)", trace, ran, sight, looked)
		}
		if sight.There && sight.When != when && !trace.Gone {
			b.t.Errorf("%s: %q, want %q", trace, sight.When, when)
		}
	}
}

// What was shown may have changed until the locks are there: a migration that
// was still running may have committed, and died before it said so.
func TestRepairLooksAgainUnderTheLocks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES (1, true)`)
	statements, err := sqlscan.Split([]byte(`CREATE TABLE n (id int)`))
	if err != nil {
		t.Fatal(err)
	}
	p := postgres.New()
	sights, err := p.Examine(t.Context(), b.databaseBlock(""), sqltrace.Of(statements[0]))
	if err != nil {
		t.Fatal(err)
	}
	req := database.RepairRequest{
		Settings: b.databaseBlock(""), Seen: b.survey(""), Sights: sights, Actor: "alice", Say: func(string) {},
		Way: mend.Way{Name: mend.Settle, Row: 1},
	}
	b.exec(`CREATE TABLE n (id int)`)
	if err := p.Repair(t.Context(), req); !errors.Is(err, database.ErrMovedOn) {
		t.Fatalf("the catalog has changed: %v", err)
	}
	b.want(`SELECT version, dirty FROM schema_migrations`, "1,t")
	b.exec(`DROP TABLE n`)
	if err := p.Repair(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	b.want(`SELECT count(*) FROM schema_migrations`, "0")
}

// A statement of a way that fails undoes the way, version and history with it.
func TestRepairIsOneTransaction(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES (2, true)`)
	req := database.RepairRequest{
		Settings: b.databaseBlock(""), Seen: b.survey(""), Actor: "alice", Say: func(string) {}, Below: 1,
		Way: mend.Way{Name: mend.Finish, SQL: []string{`CREATE TABLE n (id int)`, `SELECT 1 / 0`}, Version: 2, Row: 2, Applied: true},
	}
	if err := postgres.New().Repair(t.Context(), req); err == nil {
		t.Fatal("the second statement fails")
	}
	b.want(`SELECT to_regclass('n') IS NULL, to_regclass('lockstep.history') IS NULL`, "t,t")
	b.want(`SELECT version, dirty FROM schema_migrations`, "2,t")
	req.Way.SQL = req.Way.SQL[:1]
	if err := postgres.New().Repair(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	b.want(`SELECT version, dirty FROM schema_migrations`, "2,f")
	b.want(`SELECT version, run FROM lockstep.history ORDER BY 1`, "1,repair\n2,repair")
}

// golang-migrate's own driver leaves the states that a repair starts from.
func TestGolangMigratesDirtyStatesAreReadRight(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := stock(t, b)
	if err := m.Steps(2); err != nil {
		t.Fatal(err)
	}
	b.exec(`CREATE TABLE c (other int)`) // the third file fails on it
	var failed migrate.ErrDirty
	if err := m.Steps(1); err == nil {
		t.Fatal("the third file must fail")
	}
	if err := m.Steps(1); !errors.As(err, &failed) || failed.Version != 3 {
		t.Fatalf("golang-migrate: %v", err)
	}
	d := b.diagnose(mend.Case{Version: 3, Previous: 2, Up: b.mendFile(3, mend.Up)})
	// The table is there, and it was there before: whose it is, a person says.
	if d.Verdict != mend.NotClear || !d.Findings[0].Earlier || d.Needs == "" {
		t.Errorf("%+v", d)
	}
	b.exec(`DROP TABLE c`)
	if d := b.diagnose(mend.Case{Version: 3, Previous: 2, Up: b.mendFile(3, mend.Up)}); d.Verdict != mend.NotApplied || d.Ways[0].Version != 2 {
		t.Errorf("%+v", d)
	}
}

func (b *bench) mendFile(version int, direction string) *mend.File {
	b.t.Helper()
	name := []string{"", "1_a", "2_b", "3_c"}[version] + "." + direction + ".sql"
	statements, err := sqlscan.Split([]byte(folder[name]))
	if err != nil {
		b.t.Fatal(err)
	}
	return &mend.File{Path: name, Direction: direction, Version: uint64(version), Statements: statements}
}

func (b *bench) diagnose(c mend.Case) mend.Diagnosis {
	b.t.Helper()
	sights, err := postgres.New().Examine(b.t.Context(), b.databaseBlock(""), slices.Clone(c.Traces()))
	if err != nil {
		b.t.Fatal(err)
	}
	return c.Diagnose(sights)
}
