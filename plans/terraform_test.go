package plans

import (
	"strings"
	"testing"
)

func TestKindOfAChange(t *testing.T) {
	t.Parallel()
	for actions, want := range map[string]ChangeKind{
		"create": ChangeCreate, "update": ChangeUpdate, "no-op": ChangeNone, "read": ChangeNone, "": ChangeUnclear,
		"delete": ChangeDelete, "delete,create": ChangeReplace, "create,delete": ChangeReplaceAfter,
		"forget": ChangeForget, "create,forget": ChangeReplaceKept, "forget,create": ChangeReplaceKept,
		"transmogrify": ChangeUnclear, "create,transmogrify": ChangeUnclear,
	} {
		c := ResourceChange{Actions: strings.Split(actions, ",")}
		if got := c.Kind(); got != want {
			t.Errorf("%q is %s, want %s", actions, got, want)
		}
		takes := map[ChangeKind]bool{ChangeCreate: false, ChangeUpdate: false, ChangeNone: false}
		harmless, known := takes[want]
		if known && c.Takes() != harmless || !known && !c.Takes() {
			t.Errorf("%q takes %t", actions, c.Takes())
		}
	}
}

func TestMovesAndImportsChangeTheStateAlone(t *testing.T) {
	t.Parallel()
	moved := ResourceChange{Actions: []string{"no-op"}, Previous: "thing.old"}
	imported := ResourceChange{Actions: []string{"no-op"}, Importing: true}
	adopted := ResourceChange{Actions: []string{"update"}, Importing: true}
	for _, c := range []struct {
		change ResourceChange
		want   ChangeKind
	}{{moved, ChangeMove}, {imported, ChangeImport}, {adopted, ChangeUpdate}} {
		if got := c.change.Kind(); got != c.want || c.change.Takes() {
			t.Errorf("%+v is %s and takes %t, want %s", c.change, got, c.change.Takes(), c.want)
		}
	}
	weaker := ResourceChange{Actions: []string{"update"}, Weakens: []Weakening{{Attribute: "deletion_protection", Reason: "it is switched off"}}}
	if !weaker.Takes() {
		t.Error("an update that takes something away does not count as taking")
	}
}

func TestAPlanThatAddsAndTakesHasTwoParts(t *testing.T) {
	t.Parallel()
	change := func(action string, weakens bool) ResourceChange {
		c := ResourceChange{Address: "t." + action, Actions: []string{action}}
		if weakens {
			c.Weakens = []Weakening{{Attribute: "a", Reason: "r"}}
		}
		return c
	}
	moved := ResourceChange{Address: "t.b", Previous: "t.a", Actions: []string{"no-op"}}
	for name, test := range map[string]struct {
		changes []ResourceChange
		mixed   bool
		adds    int
	}{
		"adds":            {[]ResourceChange{change("create", false), change("update", false)}, false, 2},
		"takes":           {[]ResourceChange{change("delete", false), moved}, false, 1},
		"both":            {[]ResourceChange{change("create", false), change("forget", false), moved}, true, 2},
		"weakens as well": {[]ResourceChange{change("create", false), change("update", true)}, true, 1},
	} {
		state := &TerraformState{Changes: test.changes}
		if Mixed(test.changes) != test.mixed || len(state.ChangesOf(PartAdds)) != test.adds ||
			len(state.ChangesOf(PartTakes)) != len(test.changes)-test.adds || len(state.ChangesOf("")) != len(test.changes) {
			t.Errorf("%s: mixed %v, adds %d", name, Mixed(test.changes), len(state.ChangesOf(PartAdds)))
		}
	}
}
