package queries

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// statementTimeout bounds the planning of one statement, which runs functions
// that are marked immutable.
const statementTimeout = "5s"

// Describe prepares each statement on a throw-away database and returns what
// the server says of it, in the same order. Nothing is executed: one read-only
// transaction holds everything and is rolled back. The error is that of the
// connection; what the server refuses is a Failure. conn is in no transaction,
// and may plan whatever the application sends: privileges are not tried.
func Describe(ctx context.Context, conn *sql.Conn, statements []Statement) ([]Described, error) {
	before := make([]Described, len(statements))
	for i, s := range statements {
		before[i].Statement = s
	}
	return DescribeAgain(ctx, conn, before)
}

// DescribeAgain describes the statements of before once more, after a
// migration, and tries in addition what a connection gets that has prepared
// them before it: the types of its parameters stay as they were.
func DescribeAgain(ctx context.Context, conn *sql.Conn, before []Described) (after []Described, err error) {
	d := describer{conn: conn}
	if err := d.begin(ctx); err != nil {
		return nil, fmt.Errorf("describe statements: %w", err)
	}
	defer func() {
		_, ended := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		err = errors.Join(err, ended)
	}()
	raw := make([]described, len(before))
	after = make([]Described, len(before))
	for i, b := range before {
		if after[i], raw[i], err = d.one(ctx, b); err != nil {
			return nil, fmt.Errorf("describe the statement %q: %w", b.Statement.SQL, err)
		}
	}
	types, err := d.types(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("describe the types of statements: %w", err)
	}
	for i := range after {
		after[i].fill(raw[i], types)
	}
	return after, nil
}

type describer struct {
	conn    *sql.Conn
	version int // server_version_num
	tables  map[string]bool
}

// begin makes plans that do not depend on values, nor on tables being empty: an
// index is used wherever it can be, also in joins.
func (d *describer) begin(ctx context.Context) error {
	_, err := d.conn.ExecContext(ctx, "BEGIN READ ONLY; SET LOCAL statement_timeout = '"+statementTimeout+
		"'; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;"+
		" SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL jit = off") // reads of the catalog look dear to it then
	if err != nil {
		return err
	}
	return d.conn.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int").Scan(&d.version)
}

func (d *describer) one(ctx context.Context, before Described) (Described, described, error) {
	a := Described{Statement: before.Statement}
	raw, err := d.prepare(ctx, &a)
	if _, hasPlan := prepared(a.Tried); err == nil && a.Failure == nil && hasPlan && !a.Constants {
		err = d.plan(ctx, &a, len(raw.parameters))
	}
	if err == nil && a.Failure == nil && len(before.Parameters) > 0 {
		err = d.keep(ctx, &a, before)
	}
	return a, raw, err
}

// attempt runs work with the statement's own search_path and takes back
// whatever it has locked or set. What the server refuses is the Failure.
func (d *describer) attempt(ctx context.Context, s Statement, work func() error) (*Failure, error) {
	if _, err := d.conn.ExecContext(ctx, "SAVEPOINT lockstep_queries"); err != nil {
		return nil, err
	}
	var err error
	if s.SearchPath != "" {
		_, err = d.conn.ExecContext(ctx, "SELECT set_config('search_path', $1, true)", s.SearchPath)
	}
	if err == nil {
		err = work()
	}
	failure, err := failureOf(ctx, err)
	if err != nil {
		return nil, err
	}
	_, err = d.conn.ExecContext(ctx, "ROLLBACK TO lockstep_queries; RELEASE lockstep_queries")
	return failure, err
}

// failureOf parts what the server says of a statement from what ends the
// connection.
func failureOf(ctx context.Context, err error) (*Failure, error) {
	refused := pq.As(err)
	if refused == nil || ctx.Err() != nil || refused.Severity == pqerror.SeverityFatal || refused.Severity == pqerror.SeverityPanic {
		return nil, err
	}
	return &Failure{string(refused.Code), refused.Message, refused.Hint, objectIn(refused.Message)}, nil
}

var (
	quotedObject  = regexp.MustCompile(`"([^"]+)"(?: of relation "([^"]+)")?`)
	missingObject = regexp.MustCompile(`^(?:column|relation|table|type|schema|function|procedure|operator|aggregate)s? (.+?) (?:does not exist|is not unique|has been dropped)`)
)

// objectIn reads what a message is about. Messages in other languages keep the
// quotes.
func objectIn(message string) string {
	if m := missingObject.FindStringSubmatch(message); m != nil && !strings.HasPrefix(m[1], `"`) {
		return m[1]
	}
	m := quotedObject.FindStringSubmatch(message)
	switch {
	case m == nil:
		return ""
	case m[2] != "":
		return m[2] + "." + m[1]
	}
	return m[1]
}

// keep finds out what a connection gets that prepared the statement before.
func (d *describer) keep(ctx context.Context, a *Described, before Described) (err error) {
	types := make([]string, len(before.Parameters))
	for i, p := range before.Parameters {
		types[i] = p.Name
	}
	prepared := false
	a.Kept, err = d.attempt(ctx, a.Statement, func() error {
		_, err := d.conn.ExecContext(ctx, "PREPARE "+preparedName+" ("+strings.Join(types, ", ")+") AS "+before.Tried)
		prepared = err == nil
		return err
	})
	if err == nil && prepared {
		err = d.deallocate(ctx)
	}
	return err
}

// preparedName is one at a time: a prepared statement outlives a savepoint.
const preparedName = "lockstep_query"

func (d *describer) deallocate(ctx context.Context) error {
	_, err := d.conn.ExecContext(ctx, "DEALLOCATE "+preparedName)
	return err
}
