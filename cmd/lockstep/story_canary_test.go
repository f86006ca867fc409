package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// song is what begins every secret of the canary stories.
const song = "songbird"

// made finds the tokens that the trial provider makes.
var made = regexp.MustCompile("token-[0-9a-f]{16}")

// sung finds a secret in a text, as it is or in base64, wherever it begins there;
// without one it returns no place.
func sung(text []byte) []int {
	songs := []string{song}
	for skip := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", skip) + song))
		first := (skip*8 + 5) / 6          // the first digit that no byte before has a part in
		last := (skip + len(song)) * 8 / 6 // the first one that a byte behind may have a part in
		songs = append(songs, encoded[first:last])
	}
	for _, s := range songs {
		if at := bytes.Index(text, []byte(s)); at >= 0 {
			return []int{at, at + len(s)}
		}
	}
	if bytes.Contains(text, []byte("token-")) {
		return made.FindIndex(text)
	}
	return nil
}

type storySpared struct{}

// spared PATTERN...: the places in which canaries may be, as path.Match patterns
// of paths below the story's folder; a folder stands for what is in it. No place
// may be left out of the list, and none may be on it without a canary in it.
func spared(ts *testscript.TestScript, _ bool, args []string) {
	*ts.Value(storySpared{}).(*[]string) = args
}

// canary CODE COMMAND...: run a command that ends with the code. No canary is in
// its outputs, in the command line of a process below it, or in a file below
// the story's folder that is not spared; files that hold one are private.
func canary(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: canary CODE COMMAND...")
	}
	stop, heard := make(chan struct{}), make(chan []string)
	work := ts.Getenv("WORK")
	go func() { heard <- listen(stop, work) }()
	err := ts.Exec(args[1], args[2:]...)
	close(stop)
	for _, line := range <-heard {
		ts.Fatalf("a command line has it: %s", line)
	}
	for name, text := range map[string]string{"stdout": ts.ReadFile("stdout"), "stderr": ts.ReadFile("stderr")} {
		if at := sung([]byte(text)); at != nil {
			ts.Fatalf("%s has it: %s", name, around([]byte(text), at))
		}
	}
	expectCode(ts, args[0], err)
	silence(ts)
}

func around(text []byte, at []int) string {
	return fmt.Sprintf("%q", text[max(at[0]-80, 0):min(at[1]+80, len(text))])
}

// listen looks at the command lines of the processes below this one that are
// not another story's: that one may say its own canaries to a shell.
func listen(stop <-chan struct{}, work string) []string {
	self := os.Getpid()
	own, _ := os.ReadFile("/proc/self/cmdline") // which a process has between its fork and its exec
	var found []string
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		for _, id := range below(self) {
			line, err := os.ReadFile(fmt.Sprintf("/proc/%s/cmdline", id))
			if err == nil && sung(line) != nil && bytes.Contains(line, []byte("lockstep")) && !bytes.Equal(line, own) && !elsewhere(id, work) {
				found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
			}
		}
		select {
		case <-stop:
			tick.Stop()
			return found
		case <-tick.C:
		}
	}
}

// elsewhere reports whether a process works in the folder of another story.
func elsewhere(id, work string) bool {
	at, err := os.Readlink(fmt.Sprintf("/proc/%s/cwd", id))
	if err != nil {
		return true // it has ended
	}
	inside := func(folder string) bool {
		return at == folder || strings.HasPrefix(at, folder+string(filepath.Separator))
	}
	return inside(filepath.Dir(work)) && !inside(work)
}

// below lists the processes that a process has started, and theirs.
func below(parent any) []string {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%v/task/*/children", parent))
	if err != nil {
		return nil
	}
	var all []string
	for _, thread := range threads {
		children, err := os.ReadFile(thread)
		if err != nil {
			continue // it has ended
		}
		for _, child := range strings.Fields(string(children)) {
			all = append(append(all, child), below(child)...)
		}
	}
	return all
}

// silence fails when a file has a canary that may not.
func silence(ts *testscript.TestScript) {
	root := ts.Getenv("WORK")
	allowed := *ts.Value(storySpared{}).(*[]string)
	var leaks []error
	ts.Check(filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		below, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		found := hidden(content)
		if found == "" {
			return nil
		}
		if !fits(below, allowed) {
			leaks = append(leaks, fmt.Errorf("%s has it: %s", below, found))
		}
		info, err := entry.Info()
		if err == nil && strings.Contains(below, ".lockstep/") && info.Mode().Perm()&0o077 != 0 {
			leaks = append(leaks, fmt.Errorf("%s has it, mode %v", below, info.Mode()))
		}
		return err
	}))
	ts.Check(errors.Join(leaks...))
}

func fits(name string, patterns []string) bool {
	for at := name; at != "."; at = path.Dir(at) {
		for _, pattern := range patterns {
			if ok, _ := path.Match(pattern, at); ok {
				return true
			}
		}
	}
	return false
}

// hidden looks into archives as well, because what they hold is compressed.
func hidden(content []byte) string {
	if at := sung(content); at != nil {
		return around(content, at)
	}
	for name, inner := range unpacked(content) {
		if found := hidden(inner); found != "" {
			return name + ": " + found
		}
	}
	return ""
}

func unpacked(content []byte) map[string][]byte {
	inside := map[string][]byte{}
	keep := func(name string, r io.Reader, err error) {
		if err != nil {
			return
		}
		if b, err := io.ReadAll(r); err == nil {
			inside[name] = b
		}
	}
	switch {
	case bytes.HasPrefix(content, []byte("lockstep-bundle ")):
		_, body, _ := bytes.Cut(content, []byte("\n"))
		tr := tar.NewReader(bytes.NewReader(body))
		for h, err := tr.Next(); err == nil; h, err = tr.Next() {
			keep(h.Name, tr, nil)
		}
	case bytes.HasPrefix(content, []byte("PK\x03\x04")):
		if archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content))); err == nil {
			for _, f := range archive.File {
				r, err := f.Open()
				keep(f.Name, r, err)
			}
		}
	case bytes.HasPrefix(content, []byte{0x1f, 0x8b}):
		r, err := gzip.NewReader(bytes.NewReader(content))
		keep("gzip", r, err)
	}
	return inside
}
