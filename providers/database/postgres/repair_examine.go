package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/mend"
	"github.com/lockstep-dev/lockstep/internal/sqltrace"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// Examine looks traces up in the catalog, and compares the transactions that
// made them with the one that wrote the version: what an older transaction
// made was there before the version was marked dirty.
func (s *session) Examine(ctx context.Context, traces []sqltrace.Trace) (mend.Sights, error) {
	tx, err := s.guard.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	mark, err := markAge(ctx, tx, s.job.Target.Table)
	if err != nil {
		return nil, err
	}
	sights := mend.Sights{}
	columns := columnAges{}
	for _, t := range traces {
		if t.Kind == sqltrace.Column {
			age, there, err := columns.find(ctx, tx, t)
			if err != nil {
				return nil, err
			}
			sights[t] = mend.Sight{There: there}
			if there {
				sights[t] = mend.Sight{There: true, When: when(age, mark)}
			}
			continue
		}
		query, args := lookup(t)
		if query == "" {
			continue
		}
		var age sql.NullInt64
		var broken bool
		err := tx.QueryRowContext(ctx, query, args...).Scan(&age, &broken)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			sights[t] = mend.Sight{}
		case err != nil:
			return nil, fmt.Errorf("look up %s: %w", t, err)
		default:
			sights[t] = mend.Sight{There: true, Broken: broken, When: when(age, mark)}
		}
	}
	return sights, nil
}

// columnAges are the ages of the columns of tables, by their names.
type columnAges map[sqltrace.Name]map[string]sql.NullInt64

// find looks at all columns of a table at once: an import asks for each of
// those that its files name.
func (a columnAges) find(ctx context.Context, q rowQuerier, t sqltrace.Trace) (age sql.NullInt64, there bool, err error) {
	if a[t.On] == nil {
		if a[t.On], err = readColumnAges(ctx, q, t.On); err != nil {
			return age, false, fmt.Errorf("look up %s: %w", t, err)
		}
	}
	age, there = a[t.On][t.Name.Base]
	return age, there, nil
}

func readColumnAges(ctx context.Context, q rowQuerier, table sqltrace.Name) (map[string]sql.NullInt64, error) {
	rows, err := q.QueryContext(ctx, `SELECT x.attname, age(x.xmin) FROM pg_attribute x
		WHERE x.attrelid = to_regclass($1) AND x.attnum > 0 AND NOT x.attisdropped`, table.String())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	ages := map[string]sql.NullInt64{}
	for rows.Next() {
		var name string
		var age sql.NullInt64
		if err := rows.Scan(&name, &age); err != nil {
			return nil, err
		}
		ages[name] = age
	}
	return ages, rows.Err()
}

// when compares ages in transactions: a larger one is older.
func when(made, mark sql.NullInt64) mend.When {
	switch {
	case !made.Valid || !mark.Valid:
		return ""
	case made.Int64 > mark.Int64:
		return mend.Before
	default:
		return mend.After
	}
}

// markAge is the age of the row in golang-migrate's table.
func markAge(ctx context.Context, q rowQuerier, table string) (sql.NullInt64, error) {
	var age sql.NullInt64
	b, err := findBooks(ctx, q, table)
	if err != nil || !b.versions {
		return age, err
	}
	if err := q.QueryRowContext(ctx, `SELECT max(age(xmin)) FROM `+b.Versions).Scan(&age); err != nil {
		return age, fmt.Errorf("read the age of the version: %w", err)
	}
	return age, nil
}

// lookup returns a query with the age of what is there and whether it is
// broken; no row when it is not there, no query when the catalog does not
// tell. A change of an object makes its own row younger, so of a table the
// oldest of several rows counts.
func lookup(t sqltrace.Trace) (query string, args []any) {
	name, on := t.Name.String(), t.On.String()
	switch t.Kind {
	case sqltrace.Table, sqltrace.View, sqltrace.Sequence:
		if t.Renamed {
			return `SELECT age(c.xmin), false FROM pg_class c WHERE c.oid = to_regclass($1)`, []any{name}
		}
		return `SELECT greatest(age(c.xmin), (SELECT max(age(a.xmin)) FROM pg_attribute a WHERE a.attrelid = c.oid),
		               (SELECT age(y.xmin) FROM pg_type y WHERE y.oid = c.reltype)), false
		        FROM pg_class c WHERE c.oid = to_regclass($1)`, []any{name}
	case sqltrace.Index:
		return lookupIndex(t)
	case sqltrace.Type:
		return `SELECT age(y.xmin), false FROM pg_type y WHERE y.oid = to_regtype($1)`, []any{name}
	case sqltrace.EnumValue:
		return `SELECT age(e.xmin), false FROM pg_enum e WHERE e.enumtypid = to_regtype($1) AND e.enumlabel = $2`, []any{on, t.Name.Base}
	case sqltrace.Function:
		return `SELECT max(age(p.xmin)), false FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		        WHERE p.proname = $1 AND (n.nspname = $2 OR $2 = '' AND pg_function_is_visible(p.oid)) HAVING count(*) > 0`,
			[]any{t.Name.Base, t.Name.Schema}
	case sqltrace.Schema:
		return `SELECT age(n.xmin), false FROM pg_namespace n WHERE n.nspname = $1`, []any{t.Name.Base}
	case sqltrace.Extension:
		return `SELECT age(e.xmin), false FROM pg_extension e WHERE e.extname = $1`, []any{t.Name.Base}
	default:
		return lookupPart(t)
	}
}

// lookupIndex: an index lives in the schema of its table.
func lookupIndex(t sqltrace.Trace) (string, []any) {
	const found = `SELECT age(c.xmin), NOT (i.indisvalid AND i.indisready) AND c.relkind = 'i'
		FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid WHERE `
	if t.On == (sqltrace.Name{}) {
		return found + `c.oid = to_regclass($1)`, []any{t.Name.String()}
	}
	return found + `c.relname = $1 AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass($2))`,
		[]any{t.Name.Base, t.On.String()}
}

// lookupPart is for what belongs to a table.
func lookupPart(t sqltrace.Trace) (string, []any) {
	from := map[sqltrace.Kind]string{
		sqltrace.NotNull:    `SELECT age(x.xmin), false FROM pg_attribute x WHERE x.attrelid = to_regclass($1) AND x.attname = $2 AND x.attnotnull AND NOT x.attisdropped`,
		sqltrace.Default:    `SELECT age(d.xmin), false FROM pg_attrdef d JOIN pg_attribute x ON x.attrelid = d.adrelid AND x.attnum = d.adnum WHERE x.attrelid = to_regclass($1) AND x.attname = $2`,
		sqltrace.Constraint: `SELECT age(x.xmin), false FROM pg_constraint x WHERE x.conrelid = to_regclass($1) AND x.conname = $2`,
		sqltrace.Validated:  `SELECT age(x.xmin), false FROM pg_constraint x WHERE x.conrelid = to_regclass($1) AND x.conname = $2 AND x.convalidated`,
		sqltrace.Trigger:    `SELECT age(x.xmin), false FROM pg_trigger x WHERE x.tgrelid = to_regclass($1) AND x.tgname = $2 AND NOT x.tgisinternal`,
		sqltrace.Policy:     `SELECT age(x.xmin), false FROM pg_policy x WHERE x.polrelid = to_regclass($1) AND x.polname = $2`,
		sqltrace.Rule:       `SELECT age(x.xmin), false FROM pg_rewrite x WHERE x.ev_class = to_regclass($1) AND x.rulename = $2`,
	}[t.Kind]
	return from, []any{t.On.String(), t.Name.Base}
}

// Invalid lists INVALID indexes. A partitioned table's own index is INVALID
// until those of all partitions are attached, which is no accident.
func (s *session) Invalid(ctx context.Context) ([]database.InvalidIndex, error) {
	rows, err := s.guard.QueryContext(ctx, `
		SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), i.indrelid::regclass::text,
		       coalesce((SELECT min(p.pid) FROM pg_stat_progress_create_index p WHERE p.index_relid = c.oid), 0),
		       coalesce((SELECT min(k.conname::text) FROM pg_constraint k WHERE k.conindid = c.oid), '')
		FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE NOT (i.indisvalid AND i.indisready) AND c.relkind = 'i' AND n.nspname NOT LIKE 'pg\_%'
		ORDER BY 1`)
	if err != nil {
		return nil, fmt.Errorf("look for INVALID indexes: %w", err)
	}
	defer rows.Close()
	var list []database.InvalidIndex
	for rows.Next() {
		var i database.InvalidIndex
		if err := rows.Scan(&i.Name, &i.Table, &i.Builder, &i.Constraint); err != nil {
			return nil, fmt.Errorf("look for INVALID indexes: %w", err)
		}
		list = append(list, i)
	}
	return list, rows.Err()
}
