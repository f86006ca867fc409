package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Call is what a caller asks for, and what a fault is chosen by.
type Call struct {
	Verb string // create, read, update, delete, plan or find
	Kind string
	ID   string
	Name string
	// Faults are those of the resource's own configuration.
	Faults []Fault
}

func (c Call) changes() bool { return c.Verb == "create" || c.Verb == "update" || c.Verb == "delete" }

// Wish is the object that a create or an update is to leave.
type Wish struct {
	Attributes any
	Unique     bool // a second object of the kind with the name is refused
	Faults     []Fault
}

// Create makes an object. When it was made and the call fails all the same, the
// object and the error come back both; when it was not made, the error alone.
func (c *Cloud) Create(ctx context.Context, kind, name string, w Wish) (Object, error) {
	attributes, err := json.Marshal(w.Attributes)
	if err != nil {
		return Object{}, err
	}
	id, err := newID(kind)
	if err != nil {
		return Object{}, err
	}
	o := Object{ID: id, Kind: kind, Name: name, Revision: 1, Made: time.Now().UTC(), Attributes: attributes}
	made, err := c.carryOut(ctx, Call{Verb: "create", Kind: kind, ID: id, Name: name, Faults: w.Faults}, func() error {
		return c.exclusively(func() error {
			if w.Unique {
				others, err := c.named(kind, name)
				if err != nil {
					return err
				}
				if len(others) > 0 {
					return fmt.Errorf("a %s with the name %q exists already: %s", kind, name, others[0].ID)
				}
			}
			return c.store(o)
		})
	})
	if !made {
		return Object{}, err
	}
	return o, err
}

// Read returns an object as it is; the error wraps ErrGone if it is not.
func (c *Cloud) Read(ctx context.Context, kind, id string, configured []Fault) (Object, error) {
	name := ""
	if o, err := c.load(id); err == nil {
		name = o.Name
	}
	var o Object
	_, err := c.carryOut(ctx, Call{Verb: "read", Kind: kind, ID: id, Name: name, Faults: configured}, func() error {
		var err error
		if o, err = c.load(id); err == nil && o.Kind != kind {
			return fmt.Errorf("%w: %s is a %s and no %s", ErrGone, id, o.Kind, kind)
		}
		return err
	})
	return o, err
}

// Find returns the one object of a kind with a name.
func (c *Cloud) Find(ctx context.Context, kind, name string) (Object, error) {
	var found []Object
	_, err := c.carryOut(ctx, Call{Verb: "find", Kind: kind, Name: name}, func() error {
		var err error
		found, err = c.named(kind, name)
		return err
	})
	if err != nil {
		return Object{}, err
	}
	if len(found) != 1 {
		return Object{}, fmt.Errorf("%w: %d objects of kind %s have the name %q; expected one", ErrGone, len(found), kind, name)
	}
	return found[0], nil
}

// Update changes an object in place. What comes back is as in Create.
func (c *Cloud) Update(ctx context.Context, kind, id string, w Wish) (Object, error) {
	attributes, err := json.Marshal(w.Attributes)
	if err != nil {
		return Object{}, err
	}
	o, err := c.load(id)
	if err != nil {
		return Object{}, err
	}
	made, err := c.carryOut(ctx, Call{Verb: "update", Kind: kind, ID: id, Name: o.Name, Faults: w.Faults}, func() error {
		return c.exclusively(func() error {
			if o, err = c.load(id); err != nil {
				return err
			}
			o.Attributes = attributes
			o.Revision++
			return c.store(o)
		})
	})
	if !made {
		return Object{}, err
	}
	return o, err
}

// Delete moves an object to what was deleted; one that is gone is no error.
// forbid may refuse it by a look at the object as it is.
func (c *Cloud) Delete(ctx context.Context, kind, id string, configured []Fault, forbid func(Object) error) error {
	o, err := c.load(id)
	if err != nil && !errors.Is(err, ErrGone) {
		return err
	}
	_, err = c.carryOut(ctx, Call{Verb: "delete", Kind: kind, ID: id, Name: o.Name, Faults: configured}, func() error {
		return c.exclusively(func() error {
			o, err := c.load(id)
			if errors.Is(err, ErrGone) {
				return nil
			}
			if err != nil {
				return err
			}
			if forbid != nil {
				if err := forbid(o); err != nil {
					return err
				}
			}
			return os.Rename(c.path(objects, id+".json"), c.path(deleted, id+".json"))
		})
	})
	return err
}

// Planned lets the faults of planning strike.
func (c *Cloud) Planned(ctx context.Context, kind, id, name string, configured []Fault) error {
	_, err := c.carryOut(ctx, Call{Verb: "plan", Kind: kind, ID: id, Name: name, Faults: configured}, func() error { return nil })
	return err
}

// carryOut has an effect with all faults around it, and says whether it came
// about.
func (c *Cloud) carryOut(ctx context.Context, call Call, effect func() error) (made bool, err error) {
	c.active.Add(1)
	defer c.active.Add(-1)
	if err := c.note(call, "begin", nil); err != nil {
		return false, err
	}
	defer func() {
		end := "done"
		if err != nil {
			end = "failed"
		}
		err = errors.Join(err, c.note(call, end, err))
	}()
	if err := c.strike(ctx, call, before); err != nil {
		return false, err
	}
	if err := effect(); err != nil {
		return false, err
	}
	if call.changes() {
		if err := c.note(call, "made", nil); err != nil {
			return true, err
		}
	}
	return true, c.strike(ctx, call, after)
}
