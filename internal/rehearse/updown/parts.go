package updown

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"runtime"
	"slices"
	"sync"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// part is a run of files that is tried by itself.
type part struct {
	from, to int
	list     []Migration
	err      error
}

// runParts tries all parts at once. One behind a file that does not work has
// nothing to begin with, and is given up: the part of that file goes on to the
// end.
func runParts(ctx context.Context, b Bench, files []plans.MigrationFile) []part {
	all := cut(files, runtime.NumCPU())
	contexts := make([]context.Context, len(all))
	cancels := make([]context.CancelFunc, len(all))
	for i := range all {
		contexts[i], cancels[i] = context.WithCancel(ctx)
	}
	var group sync.WaitGroup
	for i := range all {
		group.Go(func() {
			p := &all[i]
			giveUp := func() {
				for _, cancel := range cancels[i+1:] {
					cancel()
				}
			}
			if p.list, p.err = tryPart(contexts[i], &rehearsal{bench: b}, attempt{files, *p, giveUp}); p.err != nil {
				giveUp()
			}
		})
	}
	group.Wait()
	for _, cancel := range cancels {
		cancel()
	}
	return all
}

// joinParts takes them in the order of the files, up to one that went on to the
// end.
func joinParts(all []part) (list []Migration, err error) {
	for _, p := range all {
		if p.err != nil {
			return nil, p.err
		}
		list = append(list, p.list...)
		if slices.ContainsFunc(p.list, func(m Migration) bool { return m.Up != plans.OutcomeOK }) {
			break
		}
	}
	return list, nil
}

// attempt is what a part tries.
type attempt struct {
	files []plans.MigrationFile
	part  part
	// alone is told that the parts behind begin with what does not work.
	alone func()
}

// tryPart tries the files of a part, behind those before it. A file that does not
// work is left out of what those behind it begin with.
func tryPart(ctx context.Context, r *rehearsal, a attempt) (list []Migration, err error) {
	defer func() { err = joined(err, r.end(context.WithoutCancel(ctx))) }()
	done := slices.Clone(a.files[:a.part.from])
	if err := r.begin(ctx, done); err != nil {
		return nil, err
	}
	var missing gaps
	for i, to := a.part.from, a.part.to; i < to; i++ {
		file := a.files[i]
		m, err := r.next(ctx, done, file)
		if err != nil {
			return nil, fmt.Errorf("rehearse %s: %w", file.ID(), err)
		}
		missing.settle(&m)
		list = append(list, m)
		if m.Up == plans.OutcomeOK {
			done = append(done, file)
		} else {
			if len(missing) == 0 {
				a.alone()
				to = len(a.files)
			}
			missing = append(missing, gap{file.ID(), m.Up})
			r.astray = r.astray || !rolledBack(file.Up)
		}
		if r.astray && i+1 < to {
			if err := r.replay(ctx, done); err != nil {
				return nil, fmt.Errorf("replay up to %s: %w", file.ID(), err)
			}
		}
	}
	return list, nil
}

// next tries one file, unless it is refused.
func (r *rehearsal) next(ctx context.Context, done []plans.MigrationFile, file plans.MigrationFile) (Migration, error) {
	if r.bench.Begin != nil {
		r.bench.Begin(file)
	}
	if r.bench.Refuse != nil {
		if why := r.bench.Refuse(file); why != "" {
			return skipped(file, "not rehearsed: "+why), nil
		}
	}
	m, err := r.mending(ctx, done, file)
	if err != nil || m.Failure == nil {
		return m, err
	}
	if r.bench.Rows && forRows(m.Failure) {
		why := "it fails on an empty copy, for the lack of rows as it seems: " + m.Failure.Error()
		m = skipped(file, "not rehearsed: "+why)
		m.OnRows = []string{why}
		return m, nil
	}
	if r.bench.Excuse == nil {
		return m, nil
	}
	if why := r.bench.Excuse(m.Failure); why != "" {
		m = skipped(file, "not rehearsed: "+why)
	}
	return m, nil
}

// rolledBack reports whether nothing is left of a file that failed.
func rolledBack(file plans.SQLFile) bool {
	list, together, err := Statements(file)
	return err != nil || together && !slices.ContainsFunc(list, sqlscan.Statement.EndsTransaction)
}

// cut makes as many parts as there are processors, where they are worth a
// database of their own. What a file costs grows with the schema before it, so
// the first part is the longest.
func cut(files []plans.MigrationFile, processors int) []part {
	const worth, most, growth = 15, 8, 0.6
	n := min(processors, most, len(files)/worth)
	if n < 2 || slices.ContainsFunc(files, reachesServer) {
		return []part{{to: len(files)}}
	}
	var all []part
	from := 0
	for i := 1; i <= n; i++ {
		to := int(math.Round(float64(len(files)) * math.Pow(float64(i)/float64(n), growth)))
		all = append(all, part{from: from, to: to})
		from = to
	}
	return all
}

var aboutRoles = regexp.MustCompile(`(?i)\b(create|alter|drop|reassign)\s+(role|user|group|owned)\b`)

// reachesServer reports whether a file may do what other databases of the
// server see: parts would meet there.
func reachesServer(file plans.MigrationFile) bool {
	return aboutRoles.Match(file.Up.Bytes) || aboutRoles.Match(file.Down.Bytes)
}
