package command

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/lockstep-dev/lockstep/internal/memo"
	"github.com/lockstep-dev/lockstep/internal/pgeffect"
	"github.com/lockstep-dev/lockstep/internal/report"
	"github.com/lockstep-dev/lockstep/internal/version"
	"github.com/lockstep-dev/lockstep/plans"
)

// lintMemory judges files, and remembers what was found in those that it has
// judged before. A folder of migrations is remembered as a whole, because each
// file is judged against the schema that those before it make.
type lintMemory struct {
	memo   *memo.Memo[judged]
	server pgeffect.Server
}

// judged is a report without what is the same for all files.
type judged struct {
	Findings   []plans.Finding
	Silenced   []report.Silenced
	Statements []plans.Statement
}

// rememberLint opens the memory of these arguments.
func rememberLint(paths []string, o lintOptions) *lintMemory {
	folder := ""
	program, err := memo.Program(version.String())
	if err == nil && !o.anew {
		folder = memo.Folder("lint")
	}
	here, _ := os.Getwd() // in folders without a name the last one is remembered
	name := strings.Join(append([]string{here}, paths...), "\x00")
	return &lintMemory{memo.Open[judged](folder, name, program), pgeffect.Server{Major: o.major}}
}

// judge adds to the report what is found in a source.
func (m *lintMemory) judge(s lintSource, r *report.Report) {
	units := s.units()
	found, keys, fresh := make([]judged, len(units)), make([]memo.Key, len(units)), make([]bool, len(units))
	var unknown []int
	for i, unit := range units {
		keys[i] = unit.key(m.server)
		known := false
		if found[i], known = m.memo.Get(keys[i]); !known {
			fresh[i] = true
			unknown = append(unknown, i)
		}
	}
	sideBySide(len(unknown), func(n int) { found[unknown[n]] = units[unknown[n]].judged(m.server) })
	for i, f := range found {
		if fresh[i] {
			m.memo.Put(keys[i], f)
		}
		r.Findings = append(r.Findings, f.Findings...)
		r.Silenced = append(r.Silenced, f.Silenced...)
		r.Statements = append(r.Statements, f.Statements...)
	}
}

// sideBySide does work for each number below n, on all processors. A worker
// does many: its stack grows once.
func sideBySide(n int, work func(int)) {
	var group sync.WaitGroup
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), n) {
		group.Go(func() {
			for at := next.Add(1) - 1; at < int64(n); at = next.Add(1) - 1 {
				work(int(at))
			}
		})
	}
	group.Wait()
}

// save keeps what was found, while others may read it. That it cannot be kept
// costs time alone.
func (m *lintMemory) save() { _ = m.memo.Save() }

func (s lintSource) judged(server pgeffect.Server) judged {
	var r report.Report
	s.judge(&r, server)
	return judged{r.Findings, r.Silenced, r.Statements}
}

// units are the parts of a source that know nothing of each other.
func (s lintSource) units() []lintSource {
	if !s.alone {
		return []lintSource{s}
	}
	units := make([]lintSource, len(s.files))
	for i := range s.files {
		units[i] = s
		units[i].files = s.files[i : i+1]
	}
	return units
}

// key has everything that a unit's verdict follows from.
func (s lintSource) key(server pgeffect.Server) memo.Key {
	rules, err := json.Marshal(s.rules)
	if err != nil {
		panic(err) // they are words, numbers and nothing else
	}
	parts := [][]byte{fmt.Appendf(nil, "%+v %s %t", server, s.driver, s.alone), rules}
	for _, f := range s.files {
		parts = append(parts, fmt.Append(nil, f.Version), []byte(f.Name))
		for _, side := range []plans.SQLFile{f.Up, f.Down} {
			parts = append(parts, []byte(side.Path), side.Bytes)
		}
	}
	return memo.KeyOf(parts...)
}
