package database

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers"
)

// trier is a Session whose database can take back everything that a down file
// does.
type trier interface {
	// Try runs the files one after the other in a transaction that is undone.
	Try(ctx context.Context, files []Work) error
}

var _ providers.Trier = (*Provider)(nil)

// TryRollback runs the down files of steps, newest first, in a transaction
// that is undone. What changes rows is given to the database's planner there,
// which knows whether it could run, and is not run.
func (p *Provider) TryRollback(ctx context.Context, steps []providers.Request) ([]providers.Trial, error) {
	if len(steps) == 0 {
		return nil, nil
	}
	first, err := p.task(steps[0])
	if err != nil {
		return nil, err
	}
	var trials []providers.Trial
	var failure error // of a file that names itself
	err = first.do(ctx, func(ctx context.Context, s Session, state State) error {
		var files []Work
		trials, files, failure = p.downs(steps, state)
		if failure != nil || len(files) == 0 {
			return nil
		}
		able, ok := s.(trier)
		if !ok {
			trials = untried(steps, "this kind of database cannot undo it")
			return nil
		}
		failure = able.Try(ctx, files)
		return nil
	})
	if err == nil && failure != nil {
		err = HideURL(first.target.URL, failure)
	}
	return trials, err
}

// downs are the down files up to the first one that is not to be tried.
func (p *Provider) downs(steps []providers.Request, state State) ([]providers.Trial, []Work, error) {
	var trials []providers.Trial
	var files []Work
	for i, req := range steps {
		t, err := p.task(req)
		if err != nil {
			return nil, nil, err
		}
		if _, applied := state.receipt(t.version); !applied {
			return append(trials, untried(steps[i:], "it is not applied as a whole")...), files, nil
		}
		work, text, err := t.downWork(state)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", req.Step.Address, err)
		}
		if why := atLength(work.Statements, text); why != "" {
			return append(trials, untried(steps[i:], why)...), files, nil
		}
		work, checked := work.withoutLockLimits().explained()
		trials = append(trials, providers.Trial{Address: req.Step.Address, Checked: checked})
		files = append(files, work)
	}
	return trials, files, nil
}

func untried(steps []providers.Request, why string) []providers.Trial {
	trials := make([]providers.Trial, 0, len(steps))
	for i, req := range steps {
		if i == 1 {
			why = "it comes after one that was not tried"
		}
		trials = append(trials, providers.Trial{Address: req.Step.Address, Untried: why})
	}
	return trials
}

// atLength says why statements are not for a trial: they may read or write
// rows for a long time, or leave something behind.
func atLength(statements []sqlscan.Statement, text []byte) string {
	if stepwise(statements, text) {
		return "it cannot run in a transaction"
	}
	for _, s := range statements {
		if !catalogOnly(s) && !changesRows(s) {
			return fmt.Sprintf("line %d may read or write rows", s.Line)
		}
	}
	return ""
}

// explained puts EXPLAIN before what changes rows, and says at which lines.
func (w Work) explained() (_ Work, checked string) {
	statements := slices.Clone(w.Statements)
	var lines []string
	for i, s := range statements {
		if changesRows(s) {
			statements[i].Text = "EXPLAIN " + s.Text
			lines = append(lines, strconv.Itoa(s.Line))
		}
	}
	if lines == nil {
		return w, ""
	}
	w.Statements, w.SQL = statements, inPlace(statements)
	return w, "the change of rows at line " + strings.Join(lines, ", ") + " could run"
}

// changesRows errs towards no: a function may do anything.
func changesRows(s sqlscan.Statement) bool {
	return s.Starts("INSERT") || s.Starts("UPDATE") || s.Starts("DELETE") || s.Starts("MERGE")
}

func catalogOnly(s sqlscan.Statement) bool {
	switch {
	case s.Starts("DROP"), s.Starts("COMMENT"), s.Starts("GRANT"), s.Starts("REVOKE"):
		return true
	case s.Starts("CREATE", "VIEW"), s.Starts("CREATE", "OR", "REPLACE"), s.Starts("CREATE", "FUNCTION"),
		s.Starts("CREATE", "TYPE"), s.Starts("CREATE", "SEQUENCE"), s.Starts("CREATE", "TRIGGER"):
		return true
	case s.Starts("CREATE", "TABLE"):
		return !slices.ContainsFunc(s.Tokens(), func(t sqlscan.Token) bool { return t.Is("AS") || t.Is("PARTITION") })
	case s.Starts("CREATE", "SCHEMA"), s.Starts("SET"), s.Starts("RESET"):
		return true
	case s.Starts("ALTER", "INDEX"), s.Starts("ALTER", "SEQUENCE"), s.Starts("ALTER", "VIEW"), s.Starts("ALTER", "FUNCTION"), s.Starts("ALTER", "SCHEMA"):
		return !readsRows(s.Tokens())
	case s.Starts("ALTER", "TABLE"):
		return !readsRows(s.Tokens())
	default:
		return false
	}
}

// readsRows errs towards yes: a column may be called like a keyword.
func readsRows(tokens []sqlscan.Token) bool {
	for i, t := range tokens {
		for _, word := range []string{
			"TYPE", "VALIDATE", "CHECK", "UNIQUE", "PRIMARY", "FOREIGN", "REFERENCES", "EXCLUDE", "GENERATED",
			"LOGGED", "UNLOGGED", "TABLESPACE", "ATTACH", "DETACH", "ACCESS", "CLUSTER", "DEFAULT",
		} {
			ofColumn := word == "DEFAULT" && i > 0 && (tokens[i-1].Is("DROP") || tokens[i-1].Is("SET"))
			if t.Is(word) && !ofColumn {
				return true
			}
		}
		if t.Is("NOT") && i > 0 && tokens[i-1].Is("SET") {
			return true
		}
	}
	return false
}
