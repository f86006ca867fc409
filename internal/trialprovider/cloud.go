package trialprovider

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/renameio/v2"
)

// Cloud is the folder that a configured provider works on.
type Cloud struct {
	t      testing.TB
	folder string
}

// Object is an object of the cloud.
type Object struct {
	ID         string         `json:"id"`
	Kind       string         `json:"kind"` // object, database or network_rule
	Name       string         `json:"name"`
	Revision   int64          `json:"revision"` // 1, and one more with each update
	Made       time.Time      `json:"made"`
	Attributes map[string]any `json:"attributes"` // as in objects/ID.json
}

// NewCloud makes an empty cloud, which goes with the test.
func NewCloud(t testing.TB) *Cloud {
	t.Helper()
	return At(t, filepath.Join(t.TempDir(), "cloud"))
}

// At is the cloud in a folder; it is made if there is none.
func At(t testing.TB, folder string) *Cloud {
	t.Helper()
	for _, part := range []string{"objects", "deleted", "faults"} {
		if err := os.MkdirAll(filepath.Join(folder, part), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return &Cloud{t: t, folder: folder}
}

// Folder is the value of the provider's argument cloud.
func (c *Cloud) Folder() string { return c.folder }

// Provider is the text that a configuration begins with: the requirement of
// the provider's first version, and its configuration.
func (c *Cloud) Provider() string {
	return fmt.Sprintf(`terraform {
  required_providers {
    trial = {
      source  = %q
      version = %q
    }
  }
}

provider "trial" {
  cloud = %s
}
`, Source, Versions()[0], strconv.Quote(c.folder))
}

// Objects are those that exist, in order of kind, name and id.
func (c *Cloud) Objects() []Object { return c.read("objects") }

// Deleted are those that were deleted, by the provider or by Remove.
func (c *Cloud) Deleted() []Object { return c.read("deleted") }

// Named returns the objects of a kind that exist and have a name.
func (c *Cloud) Named(kind, name string) []Object { return named(c.Objects(), kind, name) }

// EverMade counts the objects of a kind and name that were ever made. More than
// one is something done twice, if it was to be done once.
func (c *Cloud) EverMade(kind, name string) int {
	return len(named(slices.Concat(c.Objects(), c.Deleted()), kind, name))
}

func named(all []Object, kind, name string) []Object {
	return slices.DeleteFunc(all, func(o Object) bool { return o.Kind != kind || o.Name != name })
}

func (c *Cloud) read(part string) []Object {
	c.t.Helper()
	files, err := filepath.Glob(filepath.Join(c.folder, part, "*.json"))
	if err != nil {
		c.t.Fatal(err)
	}
	var found []Object
	for _, file := range files {
		b, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			continue // deleted just now
		}
		var o Object
		if err == nil {
			err = json.Unmarshal(b, &o)
		}
		if err != nil {
			c.t.Fatalf("%s: %v", file, err)
		}
		found = append(found, o)
	}
	slices.SortFunc(found, func(a, b Object) int {
		return strings.Compare(a.Kind+"\x00"+a.Name+"\x00"+a.ID, b.Kind+"\x00"+b.Name+"\x00"+b.ID)
	})
	return found
}

// Signature tells two clouds apart by what exists in them, without ids and
// times: a line for each object.
func (c *Cloud) Signature() string {
	c.t.Helper()
	var lines strings.Builder
	for _, o := range c.Objects() {
		attributes, err := json.Marshal(o.Attributes)
		if err != nil {
			c.t.Fatal(err)
		}
		fmt.Fprintf(&lines, "%s %s %s\n", o.Kind, o.Name, attributes)
	}
	return lines.String()
}

// Edit changes an object's attributes behind Terraform's back.
func (c *Cloud) Edit(id string, change func(attributes map[string]any)) {
	c.t.Helper()
	for _, o := range c.Objects() {
		if o.ID != id {
			continue
		}
		change(o.Attributes)
		c.write(filepath.Join("objects", id+".json"), o)
		return
	}
	c.t.Fatalf("the cloud has no object %s", id)
}

// Remove deletes an object behind Terraform's back.
func (c *Cloud) Remove(id string) {
	c.t.Helper()
	file := id + ".json"
	if err := os.Rename(filepath.Join(c.folder, "objects", file), filepath.Join(c.folder, "deleted", file)); err != nil {
		c.t.Fatal(err)
	}
}

// Restore brings a deleted object back, as if it had never been deleted.
func (c *Cloud) Restore(id string) {
	c.t.Helper()
	file := id + ".json"
	if err := os.Rename(filepath.Join(c.folder, "deleted", file), filepath.Join(c.folder, "objects", file)); err != nil {
		c.t.Fatal(err)
	}
}

// Add makes an object that Terraform knows nothing of, and returns its id.
func (c *Cloud) Add(kind, name string, attributes map[string]any) string {
	c.t.Helper()
	id := fmt.Sprintf("%s-by-hand-%d", strings.ReplaceAll(kind, "_", "-"), len(c.Objects())+len(c.Deleted()))
	o := Object{ID: id, Kind: kind, Name: name, Revision: 1, Made: time.Now().UTC(), Attributes: attributes}
	c.write(filepath.Join("objects", id+".json"), o)
	return id
}

func (c *Cloud) write(file string, content any) {
	c.t.Helper()
	b, err := json.Marshal(content)
	if err == nil {
		err = renameio.WriteFile(filepath.Join(c.folder, file), b, 0o644)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}
