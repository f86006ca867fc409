package terraform

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/lockstep-dev/lockstep/internal/memo"
	"github.com/lockstep-dev/lockstep/internal/tfchange"
)

// told is what a binary answered to "version" when it was asked. An empty
// version means that the answer is not trusted any more.
type told struct{ Name, Version string }

// identifyOnce asks a binary who it is, unless the very same file was asked
// before: its path, size, time and inode are those of that day. A script is
// always asked, because what it starts is chosen elsewhere.
func identifyOnce(ctx context.Context, path string) (engine, error) {
	key, ok := keyOfBinary(path)
	if !ok {
		return identify(ctx, path)
	}
	kept := answers()
	if t, ok := kept.Get(key); ok && t.Version != "" {
		return engine{name: t.Name, version: t.Version}, nil
	}
	e, err := identify(ctx, path)
	if err == nil {
		kept.Put(key, told{e.name, e.version})
		_ = kept.Save() // it is asked again next time
	}
	return e, err
}

// forgetAnswer has a binary asked again: it is not what it said.
func forgetAnswer(path string) {
	if key, ok := keyOfBinary(path); ok {
		kept := answers()
		kept.Put(key, told{})
		_ = kept.Save()
	}
}

// answersFormat changes when what identify reads does.
const answersFormat = "1"

func answers() *memo.Memo[told] {
	return memo.Open[told](memo.Folder("engines"), "answers", memo.KeyOf([]byte(answersFormat)))
}

// keyOfBinary tells a program from every other one and from the one that
// replaces it. It is false for a script and for what cannot be read.
func keyOfBinary(path string) (memo.Key, bool) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return memo.Key{}, false
	}
	file, err := os.Open(real)
	if err != nil {
		return memo.Key{}, false
	}
	defer file.Close()
	var begin [2]byte
	if _, err := io.ReadFull(file, begin[:]); err != nil || string(begin[:]) == "#!" {
		return memo.Key{}, false
	}
	info, err := file.Stat()
	if err != nil {
		return memo.Key{}, false
	}
	return memo.KeyOf([]byte(path), []byte(real), []byte(markOfFile(info))), true
}

// markOfFile changes when a file's content does, unless somebody takes care
// that it does not.
func markOfFile(info os.FileInfo) string {
	inode := uint64(0)
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = s.Ino
	}
	return fmt.Sprint(info.Mode(), info.Size(), info.ModTime().UnixNano(), inode)
}

// checkMaker compares what the binary said of itself with the plan that it has
// made: one that starts others, chosen by a folder or a variable, may have
// answered for another one.
func (m *module) checkMaker(p *tfchange.Plan) error {
	by := p.MadeBy()
	if by == "" || by == m.engine.version {
		return nil
	}
	forgetAnswer(m.provider.options.Binary)
	return fmt.Errorf("%s said that it is %s %s, and its plan was made by %s; name the program itself in %s, or try again: it will be asked anew",
		m.provider.options.Binary, m.engine.name, m.engine.version, by, variableOf(m.engine.name))
}
