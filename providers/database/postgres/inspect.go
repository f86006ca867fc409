package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// Inspect looks the effect of a statement up in the catalog.
func (s *session) Inspect(ctx context.Context, statement sqlscan.Statement) (database.Effect, error) {
	if d, ok := detachment(statement); ok {
		return s.inspectDetached(ctx, d)
	}
	if r, ok := reindexed(statement); ok {
		return s.inspectReindexed(ctx, r)
	}
	o := subject(statement)
	switch {
	case o.kind == "index" && o.verb == "create":
		return s.inspectCreatedIndex(ctx, o)
	case o.kind == "index" && o.verb == "drop":
		return s.inspectDroppedIndex(ctx, o)
	case o.kind == "table" && o.verb == "drop":
		return s.inspectDropped(ctx, o)
	case o.kind == "table" && o.verb == "create":
		exists, err := s.exists(ctx, o.name)
		return presence(exists), err
	case o.kind == "database":
		return s.inspectDatabase(ctx, o)
	case o.repeatable:
		return database.EffectRepeatable, nil
	default:
		return database.EffectUnknown, nil
	}
}

func presence(there bool) database.Effect {
	if there {
		return database.EffectDone
	}
	return database.EffectAbsent
}

// inspectCreatedIndex: CREATE INDEX CONCURRENTLY that was cut short leaves
// the index INVALID: it costs every write and serves no read.
func (s *session) inspectCreatedIndex(ctx context.Context, o object) (database.Effect, error) {
	var valid bool
	err := s.guard.QueryRowContext(ctx, `
		SELECT i.indisvalid AND i.indisready FROM pg_index i
		WHERE i.indexrelid = (
			SELECT x.oid FROM pg_class x
			WHERE x.relname = $1 AND x.relkind IN ('i', 'I')
			  AND x.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass($2)))`,
		o.plainName(), o.on).Scan(&valid)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return database.EffectAbsent, nil
	case err != nil:
		return database.EffectUnknown, fmt.Errorf("look up index %s: %w", o.name, err)
	case valid:
		return database.EffectDone, nil
	default:
		return database.EffectBroken, nil
	}
}

// inspectDroppedIndex: DROP INDEX CONCURRENTLY that was cut short leaves the
// index INVALID: it serves no read any more. Dropping it again ends that.
func (s *session) inspectDroppedIndex(ctx context.Context, o object) (database.Effect, error) {
	var valid bool
	err := s.guard.QueryRowContext(ctx, `SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)`, o.name).Scan(&valid)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return database.EffectDone, nil
	case err != nil:
		return database.EffectUnknown, fmt.Errorf("look up index %s: %w", o.name, err)
	case valid:
		return database.EffectAbsent, nil
	default:
		return database.EffectBroken, nil
	}
}

func (s *session) inspectDropped(ctx context.Context, o object) (database.Effect, error) {
	exists, err := s.exists(ctx, o.name)
	return presence(!exists), err
}

func (s *session) exists(ctx context.Context, name string) (bool, error) {
	var exists bool
	if err := s.guard.QueryRowContext(ctx, `SELECT to_regclass($1) IS NOT NULL`, name).Scan(&exists); err != nil {
		return false, fmt.Errorf("look up %s: %w", name, err)
	}
	return exists, nil
}

func (s *session) inspectDatabase(ctx context.Context, o object) (database.Effect, error) {
	var exists bool
	err := s.guard.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE quote_ident(datname) = $1)`, o.name).Scan(&exists)
	if err != nil {
		return database.EffectUnknown, fmt.Errorf("look up database %s: %w", o.name, err)
	}
	return presence(exists == (o.verb == "create")), nil
}

// LeavesNothing implements database.Refuser: what PostgreSQL refuses outside of
// a transaction has left nothing, or what Inspect finds broken. A procedure may
// have committed a part, and what DETACH has begun is to be ended, not undone.
func (*session) LeavesNothing(_ context.Context, statement sqlscan.Statement) bool {
	_, detaches := detachment(statement)
	return !detaches && !statement.Starts("CALL") && !statement.Starts("DO")
}

var _ database.Refuser = (*session)(nil)

// Mend drops INVALID indexes without keeping anybody waiting, and ends what
// DETACH CONCURRENTLY has begun.
func (s *session) Mend(ctx context.Context, statement sqlscan.Statement) error {
	if d, ok := detachment(statement); ok {
		return s.finishDetach(ctx, d)
	}
	if r, ok := reindexed(statement); ok {
		return s.dropLeftovers(ctx, r)
	}
	o := subject(statement)
	if o.kind != "index" || o.verb != "create" {
		return nil
	}
	var index string
	var builder sql.NullInt64
	err := s.guard.QueryRowContext(ctx, `
		SELECT i.indexrelid::regclass::text,
		       (SELECT min(p.pid) FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
		FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
		WHERE x.relname = $1 AND i.indrelid = to_regclass($2) AND NOT (i.indisvalid AND i.indisready)`,
		o.plainName(), o.on).Scan(&index, &builder)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("index %s is INVALID and belongs to another table than %s; drop it by hand", o.name, o.on)
	}
	if err != nil {
		return fmt.Errorf("look up index %s: %w", o.name, err)
	}
	return s.dropInvalid(ctx, index, builder)
}

// dropInvalid waits as CONCURRENTLY does, and says for whom.
func (s *session) dropInvalid(ctx context.Context, index string, builder sql.NullInt64) error {
	if builder.Valid {
		return fmt.Errorf("%w: index %s is being built by pid %d, which is not of this run; wait for it", providers.ErrBlocked, index, builder.Int64)
	}
	return s.mendBy(ctx, "dropping the INVALID index "+index, `DROP INDEX CONCURRENTLY IF EXISTS `+index)
}

// mendBy runs a statement of our own as those of files are run.
func (s *session) mendBy(ctx context.Context, what, text string) error {
	statements, err := sqlscan.Split([]byte(text))
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	_, err = s.persist(ctx, what, func(ctx context.Context, a *attempt) (database.Measured, error) {
		return s.runOnce(ctx, database.Statement{Statement: statements[0], File: what}, a)
	})
	return err
}

// object is what a statement creates or drops.
type object struct {
	verb, kind string
	// name and on are quoted as SQL needs them; on is an index's table.
	name, on   string
	repeatable bool
}

// plainName is name without schema and quotes.
func (o object) plainName() string {
	last := o.name
	if strings.HasSuffix(last, `"`) {
		last = last[:len(last)-1]
		return strings.ReplaceAll(last[strings.LastIndex(strings.ReplaceAll(last, `""`, `  `), `"`)+1:], `""`, `"`)
	}
	return last[strings.LastIndexByte(last, '.')+1:]
}

// subject reads the beginning of a statement.
func subject(statement sqlscan.Statement) object {
	if len(statement.Words) == 0 {
		return object{}
	}
	r := nameReader{tokens: statement.Tokens()}
	o := object{verb: strings.ToLower(r.word()), repeatable: repeatable(statement)}
	if o.verb != "create" && o.verb != "drop" {
		return o
	}
	r.skip("UNIQUE", "UNLOGGED", "OR", "REPLACE")
	o.kind = strings.ToLower(r.word())
	r.skip("CONCURRENTLY")
	o.repeatable = o.repeatable || r.skip("IF", "NOT", "EXISTS") > 0
	if r.is("ON") {
		return object{verb: o.verb} // an index without a name
	}
	o.name = r.name()
	if o.kind == "index" && o.verb == "create" {
		r.skip("ON", "ONLY")
		o.on = r.name()
	}
	if r.more() && o.verb == "drop" {
		o.kind = "" // several objects
	}
	return o
}

// repeatable statements do the same when they run twice.
func repeatable(statement sqlscan.Statement) bool {
	switch statement.Words[0] {
	case "VACUUM", "ANALYZE", "REINDEX", "SET", "RESET", "COMMENT", "REFRESH", "CLUSTER", "CHECKPOINT":
		return true
	default:
		return false
	}
}

type nameReader struct {
	tokens []sqlscan.Token
	at     int
}

func (r *nameReader) is(word string) bool { return r.at < len(r.tokens) && r.tokens[r.at].Is(word) }

func (r *nameReader) more() bool { return r.at < len(r.tokens) && r.tokens[r.at].Symbol(",") }

func (r *nameReader) word() string {
	if r.at >= len(r.tokens) {
		return ""
	}
	r.at++
	return r.tokens[r.at-1].Text
}

// skip passes over any of the words and says how many there were.
func (r *nameReader) skip(words ...string) int {
	n := 0
	for _, w := range words {
		if r.is(w) {
			r.at++
			n++
		}
	}
	return n
}

func (r *nameReader) name() string {
	var parts []string
	for r.at < len(r.tokens) {
		part := r.tokens[r.at].Name()
		if part == "" {
			break
		}
		parts = append(parts, pq.QuoteIdentifier(part))
		r.at++
		if r.at >= len(r.tokens) || !r.tokens[r.at].Symbol(".") {
			break
		}
		r.at++
	}
	return strings.Join(parts, ".")
}
