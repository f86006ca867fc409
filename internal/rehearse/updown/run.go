package updown

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/internal/rehearse/aside"
	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// Statements cuts a file, and says whether its statements run in one transaction.
// A BEGIN and COMMIT around them are left out, as apply does, and what Elsewhere
// has a reason for. The error names the file.
func Statements(file plans.SQLFile) (list []sqlscan.Statement, together bool, err error) {
	if list, err = sqlscan.Split(file.Bytes); err != nil {
		return nil, false, fmt.Errorf("%s: %w", file.Path, err)
	}
	header, err := sqlscan.ParseHeader(file.Bytes)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", file.Path, err)
	}
	if _, inner, wrapped := sqlscan.Unwrap(file.Bytes, list); wrapped && !header.NoTransaction {
		list = inner
	}
	together = !header.NoTransaction && !slices.ContainsFunc(list, sqlscan.Statement.OutsideTransaction)
	return slices.DeleteFunc(slices.Clone(list), func(s sqlscan.Statement) bool { return Elsewhere(s) != "" }), together, nil
}

// measure applies a file under the tracer's eyes.
func (r *rehearsal) measure(ctx context.Context, file plans.SQLFile, m *Migration) error {
	list, together, err := Statements(file)
	if err != nil {
		return err
	}
	t := r.tracer
	say, err := speech(ctx, t.Worker(), list)
	if err != nil {
		return err
	}
	defer func() { _ = clean(context.WithoutCancel(ctx), t.Worker()) }() // the next statement would say what is wrong
	if !together {
		return m.each(file, list, func(s sqlscan.Statement) (trace.Measured, error) {
			return alone(ctx, t, spoken{Statement: s, text: say(s)})
		})
	}
	if err := t.Begin(ctx); err != nil {
		return err
	}
	err = m.each(file, list, func(s sqlscan.Statement) (trace.Measured, error) { return t.Statement(ctx, say(s)) })
	if err != nil {
		return errors.Join(err, t.Rollback(context.WithoutCancel(ctx)))
	}
	return t.Commit(ctx)
}

// alone runs a statement by itself, in a transaction of its own where one can
// hold it.
func alone(ctx context.Context, t *trace.Tracer, s spoken) (trace.Measured, error) {
	if s.OutsideTransaction() {
		return t.Alone(ctx, s.text)
	}
	if err := t.Begin(ctx); err != nil {
		return trace.Measured{}, err
	}
	measured, err := t.Statement(ctx, s.text)
	if err != nil {
		return measured, errors.Join(err, t.Rollback(context.WithoutCancel(ctx)))
	}
	return measured, t.Commit(ctx)
}

func (m *Migration) each(file plans.SQLFile, list []sqlscan.Statement, run func(sqlscan.Statement) (trace.Measured, error)) error {
	for _, s := range list {
		measured, err := run(s)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", file.Path, s.Line, err)
		}
		m.Statements = append(m.Statements, statement(file, s, measured))
		for _, d := range measured.Dropped {
			m.Dropped = append(m.Dropped, plans.Dropped{Line: s.Line, Kind: d.Kind, Identity: d.Identity, Why: string(d.Why)})
		}
		for _, unseen := range measured.Unseen {
			if line := fmt.Sprintf("%s:%d: %s", file.Path, s.Line, unseen); !slices.Contains(m.Unseen, line) {
				m.Unseen = append(m.Unseen, line)
			}
		}
	}
	return nil
}

func statement(file plans.SQLFile, s sqlscan.Statement, measured trace.Measured) plans.Statement {
	out := plans.Statement{File: file.Path, Line: s.Line, SQL: s.Text, Code: measured.Code, Source: "measured"}
	for _, l := range measured.Locks {
		out.Locks = append(out.Locks, plans.Lock{Mode: string(l.Mode), Relation: l.Relation})
	}
	for _, w := range measured.Rewrites {
		out.Rewrites = append(out.Rewrites, w.Relation)
	}
	for _, scan := range measured.Scans {
		out.Scans = append(out.Scans, scan.Relation)
	}
	return out
}

// Run carries a file out as Lockstep does: in one transaction, unless it says
// otherwise or holds a statement that none can hold. Nothing of it is left in the
// session. The error names the file and line.
func Run(ctx context.Context, conn *sql.Conn, file plans.SQLFile) error {
	return each(ctx, conn, file, func(s spoken) error {
		_, err := conn.ExecContext(ctx, s.text)
		return err
	})
}

// spoken is a statement with what is said for it.
type spoken struct {
	sqlscan.Statement

	text     string
	together bool // in the file's one transaction
}

// speech says in a session what statements ask for: as they are, unless a
// superuser has left functions there that do on the side what may be done.
func speech(ctx context.Context, conn *sql.Conn, list []sqlscan.Statement) (say func(sqlscan.Statement) string, err error) {
	if slices.ContainsFunc(list, func(s sqlscan.Statement) bool { return aside.Spoken(s) != s.Text }) {
		var there bool
		err := conn.QueryRowContext(ctx, "SELECT pg_catalog.to_regnamespace('"+aside.Schema+"') IS NOT NULL AND pg_catalog.to_regproc('"+aside.Schema+".adopt') IS NOT NULL").Scan(&there)
		if err != nil {
			return nil, err
		}
		if there {
			return aside.Spoken, nil
		}
	}
	return func(s sqlscan.Statement) string { return s.Text }, nil
}

// each runs the statements of a file, in a transaction where one can hold them.
func each(ctx context.Context, conn *sql.Conn, file plans.SQLFile, run func(spoken) error) (err error) {
	list, together, err := Statements(file)
	if err != nil {
		return err
	}
	say, err := speech(ctx, conn, list)
	if err != nil {
		return err
	}
	defer func() { err = joined(err, clean(context.WithoutCancel(ctx), conn)) }()
	if together {
		if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
			return err
		}
	}
	for _, s := range list {
		if err := run(spoken{s, say(s), together}); err != nil {
			return fmt.Errorf("%s:%d: %w", file.Path, s.Line, err)
		}
	}
	if together {
		_, err = conn.ExecContext(ctx, "COMMIT")
	}
	return err
}

// clean takes away what a file has left in its session.
func clean(ctx context.Context, conn *sql.Conn) error {
	for _, statement := range []string{"ROLLBACK", "DISCARD ALL"} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
