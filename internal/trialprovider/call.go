package trialprovider

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// Call is one line of the cloud's log: a step of a call.
type Call struct {
	Time  time.Time `json:"time"`
	PID   int       `json:"pid"` // of the provider's process
	Verb  string    `json:"verb"`
	Kind  string    `json:"kind"`
	ID    string    `json:"id"`
	Name  string    `json:"name"`
	Event string    `json:"event"` // begin, hanging, made, then done or failed
	Error string    `json:"error"`
}

// fits reports whether the fields that wanted sets are the call's.
func (c Call) fits(wanted Call) bool {
	same := func(is, should string) bool { return should == "" || is == should }
	return same(c.Verb, wanted.Verb) && same(c.Kind, wanted.Kind) && same(c.ID, wanted.ID) &&
		same(c.Name, wanted.Name) && same(c.Event, wanted.Event)
}

// Calls returns the log's lines in which verb, kind, id, name and event are
// as wanted; what is empty fits all.
func (c *Cloud) Calls(wanted Call) []Call {
	c.t.Helper()
	b, err := os.ReadFile(filepath.Join(c.folder, "log.jsonl"))
	if err != nil && !os.IsNotExist(err) {
		c.t.Fatal(err)
	}
	var found []Call
	for line := range bytes.Lines(b) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // being written
		}
		var call Call
		if err := json.Unmarshal(line, &call); err != nil {
			c.t.Fatalf("the cloud's log: %v: %s", err, line)
		}
		if call.fits(wanted) {
			found = append(found, call)
		}
	}
	return found
}

const awaitPoll = 5 * time.Millisecond

// Await returns the first call that fits, as soon as there is one; it fails
// the test when ctx ends before.
func (c *Cloud) Await(ctx context.Context, wanted Call) Call {
	c.t.Helper()
	tick := time.NewTicker(awaitPoll)
	defer tick.Stop()
	for {
		if found := c.Calls(wanted); len(found) > 0 {
			return found[0]
		}
		select {
		case <-ctx.Done():
			c.t.Fatalf("no call of the cloud fits %+v: %v", wanted, ctx.Err())
		case <-tick.C:
		}
	}
}
