package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/adopt"
	"github.com/lockstep-dev/lockstep/internal/view"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/database"
)

type importOptions struct {
	consent
	from    string
	missing string
	dryRun  bool
}

// words are the options that decide what is done.
func (o importOptions) words() string {
	text := ""
	if o.from != "" {
		text += " --from " + view.ShellWord(o.from)
	}
	if o.missing != "" {
		text += " --missing " + o.missing
	}
	return text
}

func newImportCommand(a *app) *cobra.Command {
	var o importOptions
	c := &cobra.Command{
		Use:   "import [DATABASE] --env NAME",
		Short: "Take over a database that another migration tool has migrated",
		Long: `Looks at a database, recognises the tool that migrated it by the columns of its
table (golang-migrate, goose, dbmate, Flyway, Liquibase, Atlas), converts the
tool's files to golang-migrate's layout where that is needed, and enters what is
applied into Lockstep's history. The tool's own table and files stay as they are.
It shows everything first; nothing that is there is overwritten.`,
		Example: `  lockstep import --env dev                          # golang-migrate: the files stay
  lockstep import orders --env dev --from db/goose   # goose, dbmate, Flyway, Liquibase, Atlas
  lockstep import --env dev --from db/goose --dry-run`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if o.missing != "" && o.missing != missingApplied && o.missing != missingPending {
				return usageError("--missing %q is not known: expected applied or pending", o.missing)
			}
			return a.importDatabase(c.Context(), args, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.from, "from", "", "the other tool's `DIR` of migration files")
	f.StringVar(&o.missing, "missing", "", "applied or pending: what files are whose work is not in the database")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would be done and the text of the files, and change nothing")
	f.BoolVar(&o.autoApprove, "auto-approve", false, "do not ask (a protected environment wants --confirm)")
	f.StringVar(&o.confirm, "confirm", "", "the environment's `NAME`, instead of being asked for it")
	return c
}

func (a *app) importDatabase(ctx context.Context, args []string, o importOptions) error {
	d, err := a.pickDatabase(args)
	if err != nil {
		return err
	}
	seen, err := d.keeper.SurveyTools(ctx, d.settings)
	if err != nil {
		return unreadable(d.block.Address, d.environment.Name, err)
	}
	if err := d.beingMigrated(seen, "import"); err != nil {
		return err
	}
	t, err := d.takeover(seen, o)
	if err != nil {
		return err
	}
	if len(t.Adoption.Problems) == 0 && len(t.Adoption.Entries) > 0 {
		if err := d.verifyCatalog(ctx, &t.Adoption, o.missing); err != nil {
			return err
		}
	}
	if len(t.Adoption.Problems) > 0 {
		return errors.Join(a.showImport(t), silent(exitBlocked))
	}
	if t.NothingToDo() {
		t.Next = []string{"lockstep plan --env " + d.environment.Name}
		return a.showImport(t)
	}
	if o.dryRun {
		t.Contents = true
		t.Next = []string{d.again("lockstep import") + o.words()}
		return a.showImport(t)
	}
	return a.carryOutImport(ctx, d, decided{t, seen}, o)
}

// takeover decides what there is to do.
func (d *keptDatabase) takeover(seen database.ToolSurvey, o importOptions) (view.Takeover, error) {
	t := view.Takeover{
		Database: d.block.Address, Environment: d.environment.Name, Folder: d.folder(),
		Table: d.block.Settings.Text("table"), Contents: o.dryRun,
	}
	sighting, problems := adopt.Recognise(seen.Tables, d.block.Settings.Text("table"), seen.State.Covers())
	if len(problems) > 0 {
		if sighting != nil {
			t.Adoption.Tool, t.Adoption.Table = sighting.Tool, sighting.Table.String()
		}
		t.Adoption.Problems = problems
		return t, nil
	}
	if sighting == nil {
		return t, blocked(fmt.Sprintf("%s of %s has no table of a migration tool; there is nothing to take over.", d.block.Address, d.environment.Name),
			"If it is empty, apply to it:       lockstep plan --env "+d.environment.Name,
			"If a tool keeps its table in another schema or under another name, set search_path in the url, or table in the database block.")
	}
	evidence, err := d.evidence(*sighting, seen, o)
	if err != nil {
		return t, err
	}
	t.Adoption = adopt.Assess(evidence)
	if seen.Foreign {
		t.Adoption.Problems = []adopt.Problem{nameTaken(sighting.Tool, d.block.Settings.Text("table"))}
	}
	return t, nil
}

// nameTaken: both tools want the same table.
func nameTaken(tool adopt.Tool, table string) adopt.Problem {
	return adopt.Problem{
		What: fmt.Sprintf("table %s is %s's, so the schema version cannot be kept there", table, tool),
		Fix:  `write table = "lockstep_schema_migrations" into the database block, and import again`,
	}
}

func (d *keptDatabase) evidence(s adopt.Sighting, seen database.ToolSurvey, o importOptions) (adopt.Evidence, error) {
	e := adopt.Evidence{
		Sighting: s, From: o.from, Folder: d.folder(), Split: d.split, Known: map[uint64]plans.Digest{},
	}
	var err error
	if e.Existing, err = d.files(); err != nil {
		return e, err
	}
	for _, r := range seen.State.Applied() {
		e.Known[r.Version] = r.Up
	}
	if o.from == "" {
		return e, nil
	}
	if s.Tool == adopt.GolangMigrate {
		return e, usageError("--from is for tools with another layout; golang-migrate's files are read from %s", d.folder())
	}
	if same(o.from, d.folder()) {
		return e, usageError("--from and migrations are both %s; give the database block a folder of its own for the converted files, such as migrations = \"migrations\"", o.from)
	}
	e.Sources, err = readSources(o.from)
	return e, err
}

func same(a, b string) bool {
	x, errX := filepath.Abs(a)
	y, errY := filepath.Abs(b)
	return errX == nil && errY == nil && x == y
}

// decided is a takeover and what it was decided from.
type decided struct {
	takeover view.Takeover
	seen     database.ToolSurvey
}

func (a *app) carryOutImport(ctx context.Context, d *keptDatabase, w decided, o importOptions) error {
	if !a.wantsJSON() {
		if err := a.showImport(w.takeover); err != nil {
			return err
		}
	}
	if err := a.ask(d.question(), "Import", o.consent); err != nil {
		return err
	}
	release, err := a.lease(d.workspace, d.environment.Name)
	if err != nil {
		return err
	}
	defer release()
	if err := writeFiles(d.folder(), w.takeover.Adoption.Files); err != nil {
		return failed(err, "Nothing was changed in the database.")
	}
	err = d.keeper.Adopt(ctx, database.AdoptRequest{
		Settings: d.settings, Adoption: w.takeover.Adoption, Seen: w.seen, Actor: actor(),
		Say: func(line string) { fmt.Fprintln(a.host.Stderr, a.mask.String(line)) },
	})
	if err != nil {
		return d.notKept(err, "lockstep import")
	}
	return a.sayImported(d, w.takeover)
}

func (a *app) sayImported(d *keptDatabase, t view.Takeover) error {
	if a.wantsJSON() {
		t.Done = true
		return a.showImport(t)
	}
	_, err := fmt.Fprintf(a.host.Stdout, "Imported: %d in the history of %s, %d new files in %s.\nNext:\n  lockstep plan --env %s\n",
		len(t.Adoption.Entries), d.block.Address, len(t.Adoption.Files), t.Folder, d.environment.Name)
	return err
}

func (a *app) showImport(t view.Takeover) error {
	v := view.Import{Out: a.streams().Out}
	if a.wantsJSON() {
		return v.JSON(t)
	}
	return v.Text(t)
}

// notKept explains an error of a verb that cares for a database.
func (d *keptDatabase) notKept(err error, again string) error {
	next := "Look again: " + d.again(again)
	if errors.Is(err, database.ErrMovedOn) {
		return &endError{code: exitBlocked, err: err, next: []string{"The database was not changed.", next}}
	}
	return cannotKeep(err, next)
}

// again is a command for this database.
func (d *keptDatabase) again(command string) string {
	return fmt.Sprintf("%s %s --env %s", command, d.block.Name, d.environment.Name)
}

// readSources reads a tool's folder. Hidden files and folders are not its own.
func readSources(folder string) ([]adopt.Source, error) {
	info, err := os.Stat(folder)
	if err != nil || !info.IsDir() {
		return nil, usageError("--from %s is no folder that can be read", folder)
	}
	return sourcesOf(os.DirFS(folder))
}
