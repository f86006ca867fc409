package trialprovider

import (
	"os"
	"path/filepath"
)

// Fault is something that goes wrong with the calls that it fits. The zero
// value fits all and does nothing.
type Fault struct {
	Verb string `json:"verb,omitempty"` // create, read, update, delete, plan or find; empty for all
	Kind string `json:"kind,omitempty"` // object, database or network_rule; empty for all
	Name string `json:"name,omitempty"` // a pattern as of path.Match; empty for all
	At   string `json:"at,omitempty"`   // "before" the effect, which is the default, or "after" it

	Delay     string `json:"delay,omitempty"`      // a duration
	HangUntil string `json:"hang_until,omitempty"` // a file that Release makes
	Stubborn  bool   `json:"stubborn,omitempty"`   // an interrupt ends neither delay nor hanging
	Crash     bool   `json:"crash,omitempty"`      // the provider's process kills itself
	Error     string `json:"error,omitempty"`      // the call fails; after a create the object is tainted
	LoseID    bool   `json:"lose_id,omitempty"`    // the call fails after its effect, and Terraform learns of no object

	Times int `json:"times,omitempty"` // how often the fault strikes; 0 for always
}

// Put makes a fault strike from now on; one of the same name is replaced.
func (c *Cloud) Put(name string, f Fault) {
	c.t.Helper()
	c.Lift(name)
	c.write(filepath.Join("faults", name+".json"), f)
}

// Lift takes a fault away; one that is not there is no mistake.
func (c *Cloud) Lift(name string) {
	c.t.Helper()
	files, err := filepath.Glob(filepath.Join(c.folder, "faults", name+".json*"))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
			c.t.Fatal(err)
		}
	}
}

// Release lets calls go on that hang until this file is there.
func (c *Cloud) Release(file string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.folder, file), nil, 0o644); err != nil {
		c.t.Fatal(err)
	}
}
