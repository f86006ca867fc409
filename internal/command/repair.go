package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/mend"
	"github.com/lockstep-dev/lockstep/internal/view"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/database"
)

type repairOptions struct {
	consent
	assume, failed, reason string
	finish, undo, dryRun   bool
	oneByOne               bool
	accept                 string
}

func newRepairCommand(a *app) *cobra.Command {
	var o repairOptions
	c := &cobra.Command{
		Use:   "repair [DATABASE] --env NAME",
		Short: "Find out what a failed migration left in a database, and mend it",
		Long: `Looks at a database and says what is wrong with its migrations: a version that
golang-migrate marked dirty, with what of each statement is in the catalog;
indexes that are INVALID; statements that an interrupted run has begun; a version
and a history that disagree. It shows what it would do before it asks, and does
it in one transaction (MySQL: one statement after the other) while all other
migrations are kept out.`,
		Example: `  lockstep repair --env production
  lockstep repair orders --env dev --finish
  lockstep repair --env dev --assume not-applied --reason "checked by hand, no row was changed"
  lockstep repair --env dev --accept migrations/0007_add_status.up.sql --reason "comment corrected"`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return a.repair(c.Context(), args, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.assume, "assume", "", "applied or not-applied: what you know of the statements that the catalog cannot tell; needs --reason")
	f.StringVar(&o.failed, "failed", "", "the `FILE` that failed, when the catalog cannot tell; needs --reason")
	f.BoolVar(&o.oneByOne, "one-by-one", false, "golang-migrate ran with x-multi-statement, so a file was no transaction")
	f.StringVar(&o.reason, "reason", "", "why, in a `TEXT` that stays in the history")
	f.BoolVar(&o.finish, "finish", false, "of a file that is partly applied: run what is missing")
	f.BoolVar(&o.undo, "undo", false, "of a file that is partly applied: undo what is there")
	f.StringVar(&o.accept, "accept", "", "take the edit of an applied `FILE` as meant; needs --reason")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what is wrong and what would be done, and change nothing")
	f.BoolVar(&o.autoApprove, "auto-approve", false, "do not ask (a protected environment wants --confirm)")
	f.StringVar(&o.confirm, "confirm", "", "the environment's `NAME`, instead of being asked for it")
	return c
}

func (o repairOptions) check() error {
	decides := o.assume != "" || o.failed != "" || o.accept != ""
	switch {
	case o.assume != "" && o.assume != "applied" && o.assume != "not-applied":
		return usageError("--assume %q is not known: expected applied or not-applied", o.assume)
	case o.finish && o.undo:
		return usageError("--finish and --undo lead to different places; give one of them")
	case decides && strings.TrimSpace(o.reason) == "":
		return usageError("you decide something that nobody can look up later; say why: --reason TEXT")
	case !decides && o.reason != "":
		return usageError("--reason goes with --assume, --failed or --accept")
	case o.accept != "" && (o.assume != "" || o.failed != "" || o.finish || o.undo):
		return usageError("--accept is a repair of its own; give it alone, with --reason")
	}
	return nil
}

func (a *app) repair(ctx context.Context, args []string, o repairOptions) error {
	d, err := a.pickDatabase(args)
	if err != nil {
		return err
	}
	seen, err := d.keeper.SurveyTools(ctx, d.settings)
	if err != nil {
		return unreadable(d.block.Address, d.environment.Name, err)
	}
	if seen.Foreign {
		return blocked(fmt.Sprintf("Table %s of %s belongs to another tool; nothing was changed.", d.block.Settings.Text("table"), d.block.Address),
			fmt.Sprintf("Take the database over: lockstep import %s --env %s", d.block.Name, d.environment.Name))
	}
	files, err := d.files()
	if err != nil {
		return err
	}
	if err := d.beingMigrated(seen, "repair"); err != nil {
		return err
	}
	if !seen.State.Dirty && (o.assume != "" || o.failed != "" || o.finish || o.undo) {
		return usageError("the version of %s is not dirty; --assume, --failed, --finish and --undo are for one that is. What else may be wrong says: %s",
			d.block.Address, d.again("lockstep repair"))
	}
	r := &repairing{app: a, database: d, seen: seen, files: files, options: o}
	if o.accept != "" {
		return r.accept(ctx)
	}
	return r.run(ctx)
}

// repairing is the work of one repair.
type repairing struct {
	app      *app
	database *keptDatabase
	seen     database.ToolSurvey
	files    []plans.MigrationFile
	options  repairOptions
	checkup  view.Checkup
	deeds    []deed
}

// deed is one change that a repair makes.
type deed func(context.Context) error

func (r *repairing) run(ctx context.Context) error {
	r.checkup = view.Checkup{Database: r.database.block.Address, Environment: r.database.environment.Name}
	if err := r.examine(ctx); err != nil {
		return unreadable(r.database.block.Address, r.database.environment.Name, err)
	}
	return r.mendShown(ctx)
}

func (r *repairing) show() error {
	v := view.Repair{Out: r.app.streams().Out}
	if r.app.wantsJSON() {
		return v.JSON(r.checkup)
	}
	return v.Text(r.checkup)
}

// mendShown shows what was found, asks, and does it.
func (r *repairing) mendShown(ctx context.Context) error {
	if len(r.checkup.Complaints) == 0 || r.options.dryRun {
		return errors.Join(r.show(), r.sayHowTo())
	}
	if len(r.deeds) == 0 {
		return errors.Join(r.show(), silent(exitNeedsPerson))
	}
	if !r.app.wantsJSON() {
		if err := r.show(); err != nil {
			return err
		}
	}
	if err := r.carryOut(ctx); err != nil {
		return err
	}
	r.checkup.Done = true
	if r.app.wantsJSON() {
		return r.show()
	}
	_, err := fmt.Fprintf(r.app.host.Stdout, "\nMended. Next:\n  lockstep plan --env %s\n", r.database.environment.Name)
	return err
}

// sayHowTo ends a dry run.
func (r *repairing) sayHowTo() error {
	if len(r.deeds) == 0 || r.app.wantsJSON() {
		return nil
	}
	_, err := fmt.Fprintf(r.app.host.Stdout, "\nNothing was changed. Next:\n  %s\n", r.command())
	return err
}

// command does what was shown.
func (r *repairing) command() string {
	o, text := r.options, r.database.again("lockstep repair")
	for _, flag := range []struct{ name, value string }{
		{"--accept", o.accept}, {"--failed", o.failed}, {"--assume", o.assume}, {"--reason", o.reason},
	} {
		if flag.value != "" {
			text += " " + flag.name + " " + view.ShellWord(flag.value)
		}
	}
	if r.checkup.Way != nil && r.checkup.Way.Name != mend.Settle {
		text += " --" + r.checkup.Way.Name
	}
	if o.oneByOne {
		text += " --one-by-one"
	}
	return text
}

func (r *repairing) carryOut(ctx context.Context) error {
	d := r.database
	if err := r.app.ask(d.question(), "Repair", r.options.consent); err != nil {
		return err
	}
	release, err := r.app.lease(d.workspace, d.environment.Name)
	if err != nil {
		return err
	}
	defer release()
	for i, do := range r.deeds {
		if err := do(ctx); err != nil {
			return r.failedAt(i, err)
		}
	}
	return nil
}

// failedAt says what is as before and what is not.
func (r *repairing) failedAt(deed int, err error) error {
	if deed == 0 && !errors.Is(err, database.ErrPartlyMended) {
		next := r.database.notKept(err, "lockstep repair")
		_, inFile := errors.AsType[*database.SQLError](err)
		if e, ok := errors.AsType[*endError](next); ok && inFile && r.checkup.Way != nil && r.checkup.Way.File != "" {
			e.next = append(e.next, "Correct the statement in "+r.checkup.Way.File+" first, if it can never work; what is there already does not run again.")
		}
		return next
	}
	return failed(err, "What was mended before that stays.", "Look again: "+r.database.again("lockstep repair"))
}

// say passes on what the provider reports meanwhile.
func (r *repairing) say(line string) {
	fmt.Fprintln(r.app.host.Stderr, r.app.mask.String(line))
}

func (r *repairing) complain(c view.Complaint, deeds ...deed) {
	if c.Does == nil {
		c.Does = []string{}
	}
	r.checkup.Complaints = append(r.checkup.Complaints, c)
	r.deeds = append(r.deeds, deeds...)
}

// request is a way for the provider.
func (r *repairing) request(way mend.Way, below uint64) database.RepairRequest {
	req := database.RepairRequest{
		Settings: r.database.settings, Way: way, Below: below, Seen: r.seen, Actor: actor(), Reason: r.options.reason, Say: r.say,
	}
	for _, f := range r.files {
		if f.Version == way.Row {
			req.File = f
		}
	}
	return req
}
