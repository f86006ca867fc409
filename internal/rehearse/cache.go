package rehearse

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/renameio/v2"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/rehearse/updown"
	"github.com/lockstep-dev/lockstep/plans"
)

// format changes with whatever makes another outcome of the same inputs.
const format = "lockstep rehearsal 13"

// digest names what the outcome depends on.
func (s *scene) digest() string {
	h := sha256.New()
	_, _ = fmt.Fprintln(h, format, s.place.release(), s.place.own(), s.place.powerful(), s.target.Version, s.target.Locale, s.target.Role) // never fails
	if s.schema != nil {
		_, _ = fmt.Fprintf(h, "schema %x\nroles %q\n", s.schema.Digest(), s.namedRoles())
	}
	for _, list := range [][]plans.MigrationFile{s.Applied, s.Pending} {
		_, _ = fmt.Fprintln(h, "files", len(list))
		for _, f := range list {
			for _, file := range []plans.SQLFile{f.Up, f.Down} {
				_, _ = fmt.Fprintf(h, "%d %q %q %x\n", f.Version, f.Name, file.Path, sha256.Sum256(file.Bytes))
			}
		}
	}
	_, _ = fmt.Fprintf(h, "omit %q\nqueries %q\n", s.Omit, s.workload.texts())
	s.samples.hash(h)
	return hex.EncodeToString(h.Sum(nil))
}

// namedRoles are the target's roles that a file may name.
func (s *scene) namedRoles() []string {
	words := map[string]bool{}
	for _, f := range slices.Concat(s.Applied, s.Pending) {
		maps.Copy(words, updown.Named(f.Up))
		maps.Copy(words, updown.Named(f.Down))
	}
	return slices.DeleteFunc(slices.Clone(s.schema.Roles()), func(role string) bool { return !words[role] })
}

// cache is a folder of outcomes by digest. It may be lost, and one that is
// broken is none.
type cache struct {
	folder, digest string
	secrets        *redact.Values // that no outcome may have
}

func (c cache) path() string { return filepath.Join(c.folder, "rehearsal-"+c.digest+".json") }

// load returns the outcome if it is there and whole: its own digest stands in
// the first line.
func (c cache) load() (f found, hit bool) {
	if c.folder == "" {
		return f, false
	}
	content, err := os.ReadFile(c.path())
	if err != nil {
		return f, false
	}
	first, body, _ := bytes.Cut(content, []byte("\n"))
	if string(first) != sumOf(body) || json.Unmarshal(body, &f) != nil {
		return found{}, false
	}
	now := time.Now()
	_ = os.Chtimes(c.path(), now, now) // it only lives longer for that
	return f, true
}

// save keeps the outcome where it can, without secrets, and returns it as load
// will.
func (c cache) save(f found) (found, error) {
	body, err := json.Marshal(f)
	if err != nil {
		return f, fmt.Errorf("spell what was found: %w", err)
	}
	body = c.secrets.JSON(body)
	var again found
	if err := json.Unmarshal(body, &again); err != nil {
		return f, fmt.Errorf("spell what was found: %w", err)
	}
	if c.folder != "" {
		c.write(body)
	}
	return again, nil
}

// write gives up quietly: without it the next plan takes longer, no more.
func (c cache) write(body []byte) {
	if os.MkdirAll(c.folder, 0o700) != nil {
		return
	}
	c.dropOld()
	file, err := renameio.NewPendingFile(c.path(), renameio.WithPermissions(0o600), renameio.WithTempDir(c.folder))
	if err != nil {
		return
	}
	defer file.Cleanup() //nolint:errcheck // does nothing after a replacement
	if _, err := io.WriteString(file, sumOf(body)+"\n"+string(body)); err == nil {
		_ = file.CloseAtomicallyReplace()
	}
}

// dropOld deletes what nobody has asked for in a month.
func (c cache) dropOld() {
	const unused = 30 * 24 * time.Hour
	kept, _ := filepath.Glob(filepath.Join(c.folder, "*rehearsal-*.json*")) // the pattern is ours
	for _, path := range kept {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > unused {
			_ = os.Remove(path) // the next one tries again
		}
	}
}

func sumOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
