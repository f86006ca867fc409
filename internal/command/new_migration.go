package command

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/migrationfile"
)

type newMigrationOptions struct {
	place      newPlace
	sequential bool
	timestamp  bool
	deriveDown bool
	dryRun     bool
	quarantine quarantineOptions
}

func newNewMigrationCommand(a *app) *cobra.Command {
	var o newMigrationOptions
	c := &cobra.Command{
		Use:   "migration NAME",
		Short: "Begin a migration: an up file and a down file with the next version",
		Long: `Writes NNNN_NAME.up.sql and NNNN_NAME.down.sql into the database's folder. The version is
the next one in the folder's own style: counted, or the time in UTC.

With --quarantine TABLE or TABLE.COLUMN it writes two migrations instead of one that drops:
the first takes the table or column out of the way by a new name and keeps its rows, so that
the way back is a rename; the second drops it. In quarantine it behaves as if it were gone:
foreign keys and checks that would stand against new code go, NOT NULL without a default
goes, views of a table go along, and all come back on the way back. With a project it writes
two change sets beside them; the second asks the database whether --bake is over. Everything
is tried on a throw-away server first, and nothing is written that does not lead back.

With --derive-down it begins nothing: it writes the down file of the migration NAME, as
lockstep new down does.`,
		Example: `  lockstep new migration add_status
  lockstep new migration add_status --folder migrations --timestamp
  lockstep new migration drop_status --quarantine orders.status --bake 168h`,
		Args: exactly(1, "NAME, what the migration does: add_status"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			switch {
			case o.deriveDown:
				return a.newDown(c.Context(), newDownOptions{place: o.place, dryRun: o.dryRun, which: args[0]})
			case o.quarantine.target != "":
				return a.newQuarantine(c.Context(), o, args[0])
			}
			return a.newMigration(o, args[0])
		},
	}
	f := c.Flags()
	o.place.flags(f)
	f.BoolVar(&o.sequential, "sequential", false, "count on from the newest version")
	f.BoolVar(&o.timestamp, "timestamp", false, "take the time in UTC as the version")
	f.BoolVar(&o.deriveDown, "derive-down", false, "write the down file of the migration NAME, which is there already")
	f.BoolVar(&o.dryRun, "dry-run", false, "print the files; write nothing")
	o.quarantine.flags(f)
	return c
}

// exactly asks for a number of arguments, and says of what.
func exactly(n int, expected string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return usageError("%s takes %s: expected %s", c.CommandPath(), counted(n, "argument"), expected)
		}
		return nil
	}
}

func (o newMigrationOptions) check() error {
	switch {
	case o.sequential && o.timestamp:
		return usageError("--sequential and --timestamp exclude each other: give one, or none to go on in the folder's style")
	case o.deriveDown && (o.sequential || o.timestamp || o.quarantine.target != ""):
		return usageError("--derive-down writes the down file of a migration that is there; it takes none of --sequential, --timestamp and --quarantine")
	}
	return o.quarantine.check()
}

// numbering is that of the folder, but for a flag.
func (o newMigrationOptions) numbering(f *newFolder) migrationfile.Numbering {
	n := migrationfile.NumberingOf(f.files)
	switch {
	case o.timestamp:
		return migrationfile.Stamped()
	case o.sequential && len(f.files) == 0:
		return migrationfile.Counted()
	case o.sequential:
		n.Stamped = false
	}
	return n
}

// begun is the document of new migration --json.
type begun struct {
	FormatVersion string      `json:"format_version"`
	Files         []begunFile `json:"files"`
	Written       bool        `json:"written"`
	Remarks       []string    `json:"remarks"`
	Next          []string    `json:"next"`
}

type begunFile struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

func (a *app) newMigration(o newMigrationOptions, typed string) error {
	name, err := migrationfile.Name(typed)
	if err != nil {
		return usageError("%s", err)
	}
	folder, err := o.place.open()
	if err != nil {
		return err
	}
	version, err := o.numbering(folder).Next(folder.files, time.Now())
	if err != nil {
		return failed(err)
	}
	m := migrationfile.Pair(folder.path, version, name, []byte(migrationfile.BlankUp), []byte(migrationfile.BlankDown))
	steps := []step{{"lockstep lint" + folder.where(), "what does it lock, and what is dangerous in it?"}}
	if folder.driver == "" || folder.driver == "postgres" {
		steps = append(steps,
			step{"lockstep new down " + strconv.FormatUint(m.Version, 10) + folder.flag(), "write the down file from the schema"},
			step{"lockstep rehearse" + folder.where(), "does the down file restore the schema?"})
	}
	return a.write(bothSides(m), o.dryRun, begun{}, append(steps, folder.planStep(m.Version))...)
}

// write writes the files, or prints them, and says what to type next.
func (a *app) write(files []textFile, dryRun bool, doc begun, steps ...step) error {
	if !dryRun {
		if err := writeNew(files); err != nil {
			return err
		}
	}
	if a.wantsJSON() {
		return a.writeBegun(files, dryRun, doc, steps)
	}
	for _, f := range files {
		text := "  wrote " + f.path + "\n"
		if dryRun {
			text = "==> " + f.path + "\n" + string(f.text) + "\n"
		}
		if _, err := fmt.Fprint(a.host.Stdout, text); err != nil {
			return failed(err)
		}
	}
	if err := a.sayRemarks(doc.Remarks); err != nil || dryRun {
		return err
	}
	return a.sayNext(steps...)
}

func (a *app) writeBegun(files []textFile, dryRun bool, doc begun, steps []step) error {
	doc.FormatVersion, doc.Written, doc.Next, doc.Files = "1.0", !dryRun, spellSteps(steps), []begunFile{}
	if doc.Remarks == nil {
		doc.Remarks = []string{}
	}
	for _, f := range files {
		doc.Files = append(doc.Files, begunFile{f.path, string(f.text)})
	}
	return a.printJSON(doc)
}

func (a *app) printJSON(doc any) error {
	enc := json.NewEncoder(a.host.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(doc); err != nil {
		return failed(err)
	}
	return nil
}
