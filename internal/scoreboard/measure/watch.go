package measure

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
)

// watcher runs files statement by statement and notes what each does.
type watcher struct {
	*trace.Tracer

	own   map[string]bool       // relations that the file has made
	held  map[string]trace.Lock // by relation, in the open transaction
	block bool                  // BEGIN stands in the file, and no COMMIT yet
	facts Facts
}

// watch measures locks and work in empty tables. A file is a transaction,
// where no BEGIN and COMMIT stand in it and no statement forbids that.
func watch(ctx context.Context, db *sql.DB, files [][]pgsyntax.Statement) (facts Facts, err error) {
	tracer, err := trace.New(ctx, db, trace.Options{})
	if err != nil {
		return Facts{}, err
	}
	w := &watcher{Tracer: tracer}
	defer func() { err = errors.Join(err, tracer.Close(context.WithoutCancel(ctx))) }()
	for i, list := range files {
		w.own, w.block = map[string]bool{}, false
		if err := w.begin(ctx); err != nil {
			return w.facts, err
		}
		for _, st := range list {
			if err := w.statement(ctx, i, st); err != nil {
				return w.facts, err
			}
		}
		if err := w.Commit(ctx); err != nil {
			return w.facts, refusal{err}
		}
	}
	return w.facts, nil
}

func (w *watcher) begin(ctx context.Context) error {
	w.held = map[string]trace.Lock{}
	return w.Begin(ctx)
}

func (w *watcher) statement(ctx context.Context, file int, st pgsyntax.Statement) error {
	if t := st.Tree.GetTransactionStmt(); t != nil {
		return w.control(ctx, t)
	}
	var measured trace.Measured
	var err error
	if st.OutsideTransaction() && !w.block {
		measured, err = w.alone(ctx, st.Text)
	} else {
		measured, err = w.Statement(ctx, st.Text)
	}
	if err != nil {
		return refusal{err}
	}
	w.note(file, st, measured)
	return nil
}

// control follows the file's own transactions.
func (w *watcher) control(ctx context.Context, t *pg.TransactionStmt) error {
	end := w.Commit
	switch t.GetKind() {
	case pg.TransactionStmtKind_TRANS_STMT_BEGIN, pg.TransactionStmtKind_TRANS_STMT_START:
		w.block = true
		return nil
	case pg.TransactionStmtKind_TRANS_STMT_COMMIT:
	case pg.TransactionStmtKind_TRANS_STMT_ROLLBACK:
		end = w.Rollback
	default:
		return nil
	}
	w.block = false
	if err := end(ctx); err != nil {
		return refusal{err}
	}
	return w.begin(ctx)
}

// alone runs what no transaction can hold between two of them.
func (w *watcher) alone(ctx context.Context, text string) (trace.Measured, error) {
	if err := w.Commit(ctx); err != nil {
		return trace.Measured{}, err
	}
	measured, err := w.Alone(ctx, text)
	return measured, errors.Join(err, w.begin(ctx))
}

// note keeps of a measurement what is about relations that others use.
func (w *watcher) note(file int, st pgsyntax.Statement, m trace.Measured) {
	s := Statement{File: file, Line: st.Line, SQL: st.Text}
	for _, k := range m.Locks {
		if w.own[k.Relation] || !k.Mode.Conflicts(trace.RowExclusive) || k.Kind == trace.Sequence || k.Kind == trace.CompositeType {
			continue
		}
		s.Took = append(s.Took, k)
		w.held[k.Relation] = k
	}
	works := map[string]bool{}
	for _, x := range m.Scans {
		works[x.Relation] = true
	}
	for _, x := range m.Rewrites {
		works[x.Relation] = true
	}
	for _, x := range m.Rebuilt {
		works[x] = true
	}
	for relation := range works {
		if !w.own[relation] {
			s.Works = append(s.Works, relation)
		}
	}
	slices.Sort(s.Works)
	for _, k := range w.held {
		s.Held = append(s.Held, k)
	}
	if st.OutsideTransaction() && !w.block {
		s.Held, w.held = slices.Clone(s.Took), map[string]trace.Lock{}
	}
	slices.SortFunc(s.Held, func(a, b trace.Lock) int { return strings.Compare(a.Relation, b.Relation) })
	for _, c := range m.Created {
		w.own[c.Name] = true
	}
	w.facts.Statements = append(w.facts.Statements, s)
}
