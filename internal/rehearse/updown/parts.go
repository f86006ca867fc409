package updown

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"runtime"
	"slices"
	"sync"

	"github.com/lockstep-dev/lockstep/plans"
)

// part is a run of files that is tried by itself.
type part struct {
	from, to int
	list     []Migration
	err      error
}

// runParts tries all parts at once. One behind a file that fails has nothing to
// begin with, and is given up.
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
			p.list, p.err = tryPart(contexts[i], &rehearsal{bench: b}, files[:p.to], p.from)
			if p.err != nil || p.failed() {
				for _, cancel := range cancels[i+1:] {
					cancel()
				}
			}
		})
	}
	group.Wait()
	for _, cancel := range cancels {
		cancel()
	}
	return all
}

func (p part) failed() bool {
	return slices.ContainsFunc(p.list, func(m Migration) bool { return m.Up == plans.OutcomeFailed })
}

// joinParts takes them in the order of the files, up to the one that fails.
func joinParts(all []part, files []plans.MigrationFile) (list []Migration, err error) {
	for _, p := range all {
		if p.err != nil {
			return nil, p.err
		}
		list = append(list, p.list...)
		if p.failed() {
			break
		}
	}
	for _, file := range files[len(list):] {
		list = append(list, skipped(file))
	}
	return list, nil
}

// tryPart tries the files from a place on, behind those before it.
func tryPart(ctx context.Context, r *rehearsal, files []plans.MigrationFile, from int) (list []Migration, err error) {
	defer func() { err = joined(err, r.end(context.WithoutCancel(ctx))) }()
	if err := r.begin(ctx, files[:from]); err != nil {
		return nil, err
	}
	for i, file := range files[from:] {
		if r.bench.Begin != nil {
			r.bench.Begin(file)
		}
		m, err := r.mending(ctx, files[:from+i], file)
		if err != nil {
			return nil, fmt.Errorf("rehearse %s: %w", file.ID(), err)
		}
		list = append(list, m)
		if m.Up == plans.OutcomeFailed {
			break
		}
		if r.astray {
			if err := r.replay(ctx, files[:from+i+1]); err != nil {
				return nil, fmt.Errorf("replay up to %s: %w", file.ID(), err)
			}
		}
	}
	return list, nil
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
