package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/migrationfile"
	"github.com/lockstep-dev/lockstep/internal/rehearse/wayback"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

type newDownOptions struct {
	place  newPlace
	dryRun bool
	which  string // version, name or file
}

func newNewDownCommand(a *app) *cobra.Command {
	var o newDownOptions
	c := &cobra.Command{
		Use:   "down VERSION|NAME|FILE",
		Short: "Write the down file of a migration from what its up file does",
		Long: `Starts a PostgreSQL of its own, replays the folder up to the migration, compares the
schema before and after its up file, and derives the statements that lead back. It tries
them: up, down, up again, on empty tables, with a row in every table before the up file, and
with one after it. Only what restores the schema is written:

  exact       schema and data come back; the file holds the statements alone
  structural  the schema comes back; comments on top say what does not, such as rows and
              values written since to a table or column that goes again
  none        refused: it says why, and what to write by hand

Rows that the up file changes are in no schema: they stay changed, and it says so. Names are
qualified, so that a search_path changes nothing. A down file that somebody has written is
never overwritten. LOCKSTEP_POSTGRES_BIN names the folder of the server's programs,
LOCKSTEP_SCRATCH_URL a server to use instead, on which databases may be made.`,
		Example: `  lockstep new down 7
  lockstep new down migrations/0007_add_status.up.sql --dry-run`,
		Args: exactly(1, "the version, name or up file of a migration that is there: 7"),
		RunE: func(c *cobra.Command, args []string) error {
			o.which = args[0]
			return a.newDown(c.Context(), o)
		},
	}
	o.place.flags(c.Flags())
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "print the file; write nothing")
	return c
}

func (a *app) newDown(ctx context.Context, o newDownOptions) error {
	if strings.HasSuffix(o.which, ".sql") && o.place == (newPlace{}) && !fileOfProject(o.which) {
		o.place.folder = path.Dir(o.which)
	}
	folder, err := o.place.open()
	if err != nil {
		return err
	}
	if folder.driver != "" && folder.driver != "postgres" {
		return usageError("database.%s has driver %s: down files are derived for postgres alone; write it by hand", folder.head.Name, folder.driver)
	}
	i, err := folder.find(o.which)
	if err != nil {
		return err
	}
	m := folder.files[i]
	if err := wantsDown(m); err != nil {
		return err
	}
	var derived wayback.Derived
	version, err := a.onScratch(ctx, func(b wayback.Bench) (err error) {
		derived, err = wayback.Derive(ctx, b, folder.files[:i+1])
		return err
	})
	if err != nil {
		return err
	}
	return a.writeDown(downFile{folder: folder, migration: m, derived: derived, server: version, dryRun: o.dryRun})
}

// fileOfProject reports whether a file is in a folder of the project's databases.
func fileOfProject(file string) bool {
	w, err := openWorkspace()
	if err != nil {
		return false
	}
	for _, d := range w.project.Databases() {
		if d.Migrations == path.Dir(path.Clean(file)) {
			return true
		}
	}
	return false
}

// find returns the place of the migration that is meant.
func (f *newFolder) find(which string) (int, error) {
	clean := path.Clean(which)
	match := func(m plans.MigrationFile) bool {
		if version, err := strconv.ParseUint(which, 10, 64); err == nil {
			return m.Version == version
		}
		return m.Up.Path == clean || m.Down.Path == clean || m.ID() == which || m.Name == which
	}
	var found []int
	for i, m := range f.files {
		if match(m) {
			found = append(found, i)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return 0, usageError("%s has no migration %q: expected a version, name or up file that is there. To begin one: lockstep new migration NAME%s", f.path, which, f.flag())
	}
	return 0, usageError("%s has %d migrations called %q: name one by its version, such as %d", f.path, len(found), which, f.files[found[0]].Version)
}

// wantsDown refuses a migration whose down file or header has been written.
func wantsDown(m plans.MigrationFile) error {
	header, err := sqlscan.ParseHeader(m.Up.Bytes)
	if err != nil {
		return failed(fmt.Errorf("%s: %w", m.Up.Path, err))
	}
	if header.Irreversible != "" {
		return usageError("%s says lockstep:irreversible (%s): it has no down file; delete that line first", m.Up.Path, header.Irreversible)
	}
	text := bytes.TrimSpace(m.Down.Bytes)
	if len(text) == 0 || slices.Equal(text, bytes.TrimSpace([]byte(migrationfile.BlankDown))) {
		return nil
	}
	return usageError("%s is written already, and is not overwritten. Does it restore the schema? lockstep rehearse. To have it derived, delete it first", m.Down.Path)
}

// downFile is what is known of a down file that is to be written.
type downFile struct {
	folder    *newFolder
	migration plans.MigrationFile
	derived   wayback.Derived
	server    string
	dryRun    bool
}

// derivedDown is the document of new down --json.
type derivedDown struct {
	FormatVersion string      `json:"format_version"`
	Server        string      `json:"server_version"`
	Version       string      `json:"version"`
	Name          string      `json:"name"`
	Grade         plans.Grade `json:"grade"`
	Losses        []string    `json:"losses"`
	Unproven      []string    `json:"unproven"`
	File          string      `json:"file"`
	Text          string      `json:"text"`
	Written       bool        `json:"written"`
	Next          []string    `json:"next"`
}

func (a *app) writeDown(d downFile) error {
	target := strings.TrimSuffix(d.migration.Up.Path, ".up.sql") + ".down.sql"
	refused := d.derived.Grade == plans.GradeNone
	if !refused && !d.dryRun {
		if err := replaceBlank(textFile{target, d.derived.Text}, d.migration.Down); err != nil {
			return err
		}
	}
	steps := []step{{"lockstep rehearse" + d.folder.where(), "every migration up, down and up again"}, d.folder.planStep(d.migration.Version)}
	if refused {
		steps = []step{
			{"-- lockstep:irreversible REASON", "on top of " + d.migration.Up.Path + ", when there is no way back; the approver reads the reason"},
			{target, "written by hand, when you know what the schema does not tell"},
		}
	}
	if a.wantsJSON() {
		err := a.printJSON(derivedDown{
			FormatVersion: "1.0", Server: d.server, Version: strconv.FormatUint(d.migration.Version, 10), Name: d.migration.Name,
			Grade: d.derived.Grade, Losses: neverNil(d.derived.Losses), Unproven: neverNil(d.derived.Unproven),
			File: target, Text: string(d.derived.Text), Written: !refused && !d.dryRun, Next: spellSteps(steps),
		})
		if err != nil || !refused {
			return err
		}
		return silent(exitBlocked)
	}
	if refused {
		return refuseDown(d, steps)
	}
	return a.printDown(d, target, steps)
}

func neverNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func refuseDown(d downFile, steps []step) error {
	next := make([]string, 0, len(d.derived.Losses)+len(steps))
	for _, loss := range d.derived.Losses {
		next = append(next, "- "+loss)
	}
	for _, s := range steps {
		next = append(next, "Next: "+s.command+"  "+s.why)
	}
	return blocked(fmt.Sprintf("no down file can be derived for %s; nothing was written", d.migration.ID()), next...)
}

func (a *app) printDown(d downFile, target string, steps []step) error {
	out := a.host.Stdout
	said := fmt.Sprintf("  wrote %s\n", target)
	if d.dryRun {
		said = "==> " + target + "\n" + string(d.derived.Text) + "\n"
	}
	switch d.derived.Grade {
	case plans.GradeExact:
		said += fmt.Sprintf("exact: tried on PostgreSQL %s, up, down and up again, it restores schema and rows.\n", d.server)
	default:
		said += fmt.Sprintf("structural: tried on PostgreSQL %s, up, down and up again, it restores the schema, and not:\n", d.server)
		for _, loss := range d.derived.Losses {
			said += "  " + loss + "\n"
		}
	}
	for _, u := range d.derived.Unproven {
		said += "not proven: " + u + "\n"
	}
	if _, err := fmt.Fprint(out, said); err != nil || d.dryRun {
		return err
	}
	return a.sayNext(steps...)
}

// replaceBlank writes a file that is missing, or over one that says nothing
// and is as it was read.
func replaceBlank(f textFile, was plans.SQLFile) error {
	if was.Path == "" {
		return writeNew([]textFile{f})
	}
	now, err := os.ReadFile(was.Path)
	switch {
	case err != nil:
		return failed(err)
	case !bytes.Equal(now, was.Bytes):
		return failed(errors.New(was.Path + " has changed meanwhile; nothing was written over it"))
	}
	if err := os.WriteFile(was.Path, f.text, 0o644); err != nil {
		return failed(err)
	}
	return nil
}
