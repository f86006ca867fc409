package pgsyntax

import (
	"runtime"
	"sync"
)

// Ahead reads texts on all processors, before somebody asks for them in their
// order. What it returns is what the function Read returns.
type Ahead struct {
	mu   sync.Mutex
	jobs map[string]*job
}

// job is the reading of one text, by whoever comes first.
type job struct {
	once       sync.Once
	statements []Statement
	err        error
}

func (j *job) do(text string) ([]Statement, error) {
	j.once.Do(func() { j.statements, j.err = Read([]byte(text)) })
	return j.statements, j.err
}

// ReadAhead begins to read the texts, in their order.
func ReadAhead(texts [][]byte) *Ahead {
	a := &Ahead{jobs: make(map[string]*job, len(texts))}
	order := make(chan string, len(texts))
	for _, text := range texts {
		if key := string(text); a.jobs[key] == nil {
			a.jobs[key] = &job{}
			order <- key
		}
	}
	close(order)
	for range min(runtime.GOMAXPROCS(0), len(order)) {
		go func() {
			for text := range order {
				if j := a.take(text, false); j != nil {
					_, _ = j.do(text) // whoever asks for it is told
				}
			}
		}()
	}
	return a
}

// Read returns a text's statements, waiting for them if need be. The second
// time that a text is asked for it is read anew, so that nobody keeps trees
// which nobody needs any more. A nil Ahead reads what it is asked for.
func (a *Ahead) Read(src []byte) ([]Statement, error) {
	if a == nil {
		return Read(src)
	}
	if j := a.take(string(src), true); j != nil {
		return j.do(string(src))
	}
	return Read(src)
}

func (a *Ahead) take(text string, last bool) *job {
	a.mu.Lock()
	defer a.mu.Unlock()
	j := a.jobs[text]
	if last {
		delete(a.jobs, text)
	}
	return j
}
