package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Fault is something that goes wrong with the calls that it fits. It is either
// a file of the folder "faults" or a part of a resource's configuration.
type Fault struct {
	Verb string `json:"verb"` // create, read, update, delete, plan or find; empty for all
	Kind string `json:"kind"` // object, database or network_rule; empty for all
	Name string `json:"name"` // a pattern as of path.Match; empty for all
	At   string `json:"at"`   // "before" the effect, which is the default, or "after" it

	Delay     string `json:"delay"`      // a duration
	HangUntil string `json:"hang_until"` // a file of the cloud's folder
	Stubborn  bool   `json:"stubborn"`   // an interrupt ends neither delay nor hanging
	Crash     bool   `json:"crash"`      // the provider's process kills itself
	Error     string `json:"error"`      // the call fails with this text
	LoseID    bool   `json:"lose_id"`    // with an error after a create: the caller learns of no object

	Times int `json:"times"` // how often the fault strikes; 0 for always

	file string
}

const (
	before = "before"
	after  = "after"
)

// ErrLost is wrapped by the error of a call that had its effect and must not
// tell the caller of it.
var ErrLost = errors.New("the answer was lost")

// strike lets all faults that fit come about, the configured ones first.
func (c *Cloud) strike(ctx context.Context, call Call, at string) error {
	all, err := c.faults()
	if err != nil {
		return err
	}
	for _, f := range append(append([]Fault(nil), call.Faults...), all...) {
		fits, err := f.fits(call, at)
		if err != nil {
			return err
		}
		if !fits || !c.isDue(f) {
			continue
		}
		if err := c.comeAbout(ctx, call, f); err != nil {
			return err
		}
	}
	return nil
}

// faults reads the folder anew at each call, so that tests can change it.
func (c *Cloud) faults() ([]Fault, error) {
	entries, err := os.ReadDir(c.path(faults))
	if err != nil {
		return nil, err
	}
	var all []Fault
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".json") {
			continue
		}
		b, err := os.ReadFile(c.path(faults, entry.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // taken away just now
		}
		if err != nil {
			return nil, err
		}
		f := Fault{file: entry.Name()}
		if err := json.Unmarshal(b, &f); err != nil {
			return nil, fmt.Errorf("fault %s: %w", entry.Name(), err)
		}
		all = append(all, f)
	}
	return all, nil
}

func (f Fault) fits(call Call, at string) (bool, error) {
	if f.At != "" && f.At != before && f.At != after {
		return false, fmt.Errorf("a fault strikes %q and %q, not %q", before, after, f.At)
	}
	isAfter := f.At == after
	if isAfter != (at == after) || f.Verb != "" && f.Verb != call.Verb || f.Kind != "" && f.Kind != call.Kind {
		return false, nil
	}
	if f.Name == "" {
		return true, nil
	}
	return path.Match(f.Name, call.Name)
}

// isDue counts how often a fault has struck, in files beside it, so that a
// killed process does not forget.
func (c *Cloud) isDue(f Fault) bool {
	if f.Times == 0 || f.file == "" {
		return true
	}
	for n := range f.Times {
		mark, err := os.OpenFile(c.path(faults, fmt.Sprintf("%s.struck-%d", f.file, n+1)), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err == nil {
			mark.Close()
			return true
		}
	}
	return false
}

func (c *Cloud) comeAbout(ctx context.Context, call Call, f Fault) error {
	if f.Stubborn {
		ctx = context.WithoutCancel(ctx)
	}
	if f.Delay != "" {
		d, err := time.ParseDuration(f.Delay)
		if err != nil {
			return fmt.Errorf("the delay of a fault: %w", err)
		}
		if err := pause(ctx, d); err != nil {
			return err
		}
	}
	if f.HangUntil != "" {
		if err := c.hang(ctx, call, f.HangUntil); err != nil {
			return err
		}
	}
	if f.Crash {
		// Nothing is flushed and nobody is told, as with any kill.
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			return err
		}
		select {}
	}
	switch {
	case f.LoseID:
		return fmt.Errorf("%w: %s", ErrLost, f.Error)
	case f.Error != "":
		return errors.New(f.Error)
	}
	return nil
}

const hangPoll = 5 * time.Millisecond

func (c *Cloud) hang(ctx context.Context, call Call, file string) error {
	if !filepath.IsLocal(file) {
		return fmt.Errorf("hang_until is %q; expected a file of the cloud's folder", file)
	}
	if err := c.note(call, "hanging", nil); err != nil {
		return err
	}
	for {
		if _, err := os.Stat(c.path(file)); err == nil {
			return nil
		}
		if _, err := os.Stat(c.folder); err != nil {
			return fmt.Errorf("the cloud is gone: %w", err)
		}
		if err := pause(ctx, hangPoll); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("interrupted: %w", ctx.Err())
	case <-t.C:
		return nil
	}
}
