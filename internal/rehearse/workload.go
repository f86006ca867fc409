package rehearse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/rehearse/queries"
	"github.com/lockstep-dev/lockstep/internal/rehearse/server"
)

// workload is what the application runs, as far as it is known.
type workload struct {
	queries.Workload

	from []string
}

// readWorkload reads the folder of queries and the target's statistics. What
// cannot be read is a note: the rules decide without it.
func (s *scene) readWorkload(ctx context.Context) (*workload, error) {
	w := &workload{}
	if s.Queries != "" {
		w.add(s.folder(), filepath.ToSlash(filepath.Clean(s.Queries))+"/")
	}
	if s.Target != "" {
		found, err := server.Look(ctx, s.Target, queries.FromStatistics)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, queries.ErrNoStatistics):
			if s.Queries == "" {
				s.note("Nothing is known of the statements that run at the target: %s.", oneLine(err))
			}
		case err != nil:
			s.note("Nothing is known of the statements that run at the target: %s.", oneLine(err))
		default:
			w.add(found, "pg_stat_statements of the target")
		}
	}
	slices.SortStableFunc(w.Statements, func(a, b queries.Statement) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.SQL, b.SQL), cmp.Compare(a.SearchPath, b.SearchPath), cmp.Compare(a.Name, b.Name))
	})
	return w, nil
}

func (w *workload) add(other queries.Workload, from string) {
	if len(other.Statements) > 0 {
		w.from = append(w.from, from)
	}
	w.Workload = w.And(other)
}

func (s *scene) folder() queries.Workload {
	found, err := queries.FromFolder(os.DirFS(s.Queries))
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			s.note("%s: %s.", filepath.ToSlash(s.Queries), strings.TrimSuffix(line, "."))
		}
	}
	return found
}

// texts is what the outcome depends on of the statements: how often they ran
// changes from minute to minute, and only what is told of them.
func (w *workload) texts() []string {
	all := make([]string, len(w.Statements))
	for i, s := range w.Statements {
		all[i] = fmt.Sprintf("%q %q %q %q %d %t", s.SQL, s.SearchPath, s.Parameters, s.File, s.Line, s.Nested)
	}
	return all
}
