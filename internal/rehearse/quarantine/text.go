package quarantine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// now is the name in quarantine, as SQL spells it.
func (f *facts) now() string {
	if f.column == "" {
		return f.quotedSchema + "." + spelledAway(f.table)
	}
	return f.quotedTable + "." + spelledAway(f.column)
}

// write fills in the texts, but for the down file of the second.
func (f *facts) write(w Wanted) (gone, dropped plans.MigrationFile) {
	gone, dropped = w.Away, w.Gone
	var up, down []string
	changes := f.changes(gone.ID(), w.Fill)
	for _, c := range changes {
		up = append(up, c.up...)
	}
	for _, c := range slices.Backward(changes) {
		down = append(down, c.down...)
	}
	was, _ := strings.CutPrefix(f.what(), "table ")
	was, _ = strings.CutPrefix(was, "column ")
	gone.Up.Bytes = text(up, append(f.answers(w.Fill),
		"lockstep:phase contract code that uses "+was+" has to be gone; its rows stay",
		fmt.Sprintf("Quarantine: %s becomes %s and keeps its rows. Whoever still uses it shows now, and the way back is a rename.", was, f.now()),
		fmt.Sprintf("%s drops it, once this one has baked.", dropped.ID()))...)
	gone.Down.Bytes = text(down, f.promise(w.Fill)...)
	code := "drop-table"
	if f.column != "" {
		code = "drop-column"
	}
	dropped.Up.Bytes = text(f.drops(), "lockstep:nolint "+code+" it was in quarantine, and nobody missed it",
		fmt.Sprintf("The end of the quarantine of %s (%s): its rows are lost. It must not run before that one has baked.", was, gone.ID()))
	return gone, dropped
}

// answers are what lint would warn of and is the point of it all.
func (f *facts) answers(fill string) []string {
	list := []string{"lockstep:nolint rename what still uses the old name is to show, and the way back is a rename"}
	if f.loses(fill) {
		list = append(list, "lockstep:nolint drop-not-null new code writes no value any more")
	}
	codes := map[bool]string{true: "drop-foreign-key", false: "drop-constraint"}
	for _, foreign := range []bool{true, false} {
		if slices.ContainsFunc(f.ties, func(k tie) bool { return strings.HasPrefix(k.definition, "FOREIGN KEY") == foreign }) {
			list = append(list, "lockstep:nolint "+codes[foreign]+" it would stand against new code, and comes back on the way back")
		}
	}
	return list
}

// promise says what the way back of the quarantine does for rows that were
// written meanwhile.
func (f *facts) promise(fill string) []string {
	var list []string
	if len(f.ties) > 0 || f.loses(fill) {
		list = append(list, "lockstep:no-transaction")
	}
	list = append(list, "The way back out of quarantine: the old name first, with every row.")
	if len(f.ties) > 0 {
		list = append(list, "Then, each by itself, the constraints. Rows that were written meanwhile may violate one: it warns then, and leaves it as far as it came.")
	}
	if f.loses(fill) {
		list = append(list, "Rows that were written meanwhile may hold NULL: it warns then, and NOT NULL stays off.")
	}
	return list
}

func text(statements []string, comments ...string) []byte {
	var b strings.Builder
	for _, c := range comments {
		b.WriteString("-- " + strings.Join(strings.Fields(c), " ") + "\n")
	}
	for _, s := range statements {
		b.WriteString(s + ";\n")
	}
	return []byte(b.String())
}

// loses reports whether NOT NULL is taken away.
func (f *facts) loses(fill string) bool {
	return f.column != "" && f.notNull && !f.valued && fill == ""
}
