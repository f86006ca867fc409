package rehearse

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/rehearse/aside"
	"github.com/lockstep-dev/lockstep/internal/rehearse/server"
	"github.com/lockstep-dev/lockstep/internal/rehearse/updown"
)

// samples are rows of the target by table, each as JSON.
type samples struct {
	rows map[string][]string
}

// readSamples copies rows of the tables that pending files name: half of the
// lowest keys, half of the highest, so that old and new rows are among them.
func (s *scene) readSamples(ctx context.Context) (*samples, error) {
	found := &samples{map[string][]string{}}
	if s.Sample <= 0 || s.Target == "" {
		return found, nil
	}
	words := map[string]bool{}
	for _, f := range s.Pending {
		maps.Copy(words, updown.Named(f.Up))
		maps.Copy(words, updown.Named(f.Down))
	}
	_, err := server.Look(ctx, s.Target, func(ctx context.Context, conn *sql.Conn) (struct{}, error) {
		return struct{}{}, found.read(ctx, conn, sampling{slices.Sorted(maps.Keys(words)), s.Sample})
	})
	switch {
	case ctx.Err() != nil:
		return found, ctx.Err()
	case err != nil:
		s.note("No rows were copied from the target: %s.", oneLine(err))
		return &samples{}, nil
	}
	return found, nil
}

type sampling struct {
	names []string
	rows  int
}

// sampledTables are the tables of some names with the columns of their primary
// keys.
const sampledTables = `
	SELECT format('%I.%I', n.nspname, c.relname),
		coalesce((SELECT string_agg(format('t.%I', a.attname), ', ' ORDER BY a.attnum) FROM pg_index i JOIN pg_attribute a
			ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = c.oid AND i.indisprimary), ''),
		coalesce((SELECT string_agg(format('t.%I DESC', a.attname), ', ' ORDER BY a.attnum) FROM pg_index i JOIN pg_attribute a
			ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = c.oid AND i.indisprimary), '')
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'lockstep')
		AND c.relname = ANY ($1) ORDER BY 1`

func (s *samples) read(ctx context.Context, conn *sql.Conn, wanted sampling) error {
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // it only reads
	if _, err := tx.ExecContext(ctx, "SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '10s'; SET LOCAL synchronize_seqscans = off"); err != nil {
		return err
	}
	tables, err := tx.QueryContext(ctx, sampledTables, pq.Array(wanted.names))
	if err != nil {
		return err
	}
	defer tables.Close()
	queries := map[string]string{}
	for tables.Next() {
		var name, key, backwards string
		if err := tables.Scan(&name, &key, &backwards); err != nil {
			return err
		}
		queries[name] = fmt.Sprintf("SELECT to_jsonb(t)::text FROM %s t LIMIT %d", name, wanted.rows)
		if key != "" {
			half := "(SELECT to_jsonb(t) AS row FROM %s t ORDER BY %s LIMIT %d)"
			queries[name] = "SELECT row::text FROM (" + fmt.Sprintf(half, name, key, (wanted.rows+1)/2) + " UNION " +
				fmt.Sprintf(half, name, backwards, wanted.rows/2) + ") sampled ORDER BY row"
		}
	}
	if err := tables.Err(); err != nil {
		return err
	}
	for name, query := range queries {
		if s.rows[name], err = texts(ctx, tx, query); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func texts(ctx context.Context, tx *sql.Tx, query string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}

func (s *samples) hash(h hash.Hash) {
	for _, table := range slices.Sorted(maps.Keys(s.rows)) {
		_, _ = fmt.Fprintf(h, "rows %q %x\n", table, sha256.Sum256([]byte(strings.Join(s.rows[table], "\n")))) // never fails
	}
}

// fill puts the rows into tables of the same names, and returns nil where there
// are none at all.
func (s *samples) fill() func(context.Context, *sql.Tx, []string) (int, []string, error) {
	if len(s.rows) == 0 {
		return nil
	}
	return func(ctx context.Context, tx *sql.Tx, tables []string) (taken int, unseen []string, err error) {
		for _, table := range tables {
			if len(s.rows[table]) == 0 {
				continue
			}
			refused, err := insert(ctx, tx, table, s.rows[table])
			if err != nil {
				return taken, unseen, err
			}
			if refused != "" {
				unseen = append(unseen, fmt.Sprintf("what fails on rows of %s: rows of the target do not go in: %s", table, refused))
				continue
			}
			taken++
		}
		return taken, unseen, nil
	}
}

// insert leaves foreign keys alone, whose other rows were not copied, and
// columns that the target has not got or that are generated.
func insert(ctx context.Context, tx *sql.Tx, table string, rows []string) (refused string, err error) {
	const statement = `DO $do$ DECLARE columns text; BEGIN
		SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
			WHERE attrelid = %[1]s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND %[2]s::jsonb -> 0 ? attname;
		EXECUTE format('INSERT INTO %%s (%%s) OVERRIDING SYSTEM VALUE SELECT %%2$s FROM jsonb_populate_recordset(NULL::%%1$s, $1)', %[1]s, columns) USING %[2]s::jsonb;
		END $do$`
	if _, err := tx.ExecContext(ctx, "SAVEPOINT sample"); err != nil {
		return "", err
	}
	rest, wake, err := aside.Triggers(ctx, tx)
	if err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, rest)
	if err == nil {
		_, err = tx.ExecContext(ctx, fmt.Sprintf(statement, pq.QuoteLiteral(table), pq.QuoteLiteral("["+strings.Join(rows, ",")+"]")))
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, wake+"; RELEASE SAVEPOINT sample")
		return "", err
	}
	answer := pq.As(err)
	if answer == nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT sample")
	return strings.ReplaceAll(answer.Code.Name(), "_", " ") + " (SQLSTATE " + string(answer.Code) + ")", err
}
