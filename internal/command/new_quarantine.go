package command

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/lockstep-dev/lockstep/internal/migrationfile"
	"github.com/lockstep-dev/lockstep/internal/rehearse/quarantine"
	"github.com/lockstep-dev/lockstep/internal/rehearse/wayback"
	"github.com/lockstep-dev/lockstep/plans"
)

// quarantineOptions are the flags of new migration --quarantine.
type quarantineOptions struct {
	target string
	fill   string
	bake   time.Duration
}

func (o *quarantineOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.target, "quarantine", "", "take `TABLE[.COLUMN]` out of the way, and drop it later")
	f.StringVar(&o.fill, "fill", "", "with --quarantine: what a NOT NULL column holds in rows that are written meanwhile, as `SQL`")
	f.DurationVar(&o.bake, "bake", 7*24*time.Hour, "with --quarantine: how long before anything may be dropped")
}

func (o *quarantineOptions) check() error {
	switch {
	case o.target == "" && o.fill != "":
		return usageError("--fill is for --quarantine TABLE.COLUMN: give both, or none")
	case o.target != "" && o.bake < time.Second:
		return usageError("--bake %s: expected a time of a second or more, such as 168h", o.bake)
	}
	return nil
}

func (a *app) newQuarantine(ctx context.Context, o newMigrationOptions, typed string) error {
	name, err := migrationfile.Name(typed)
	if err != nil {
		return usageError("%s", err)
	}
	folder, err := o.place.open()
	if err != nil {
		return err
	}
	if folder.driver != "" && folder.driver != "postgres" {
		return usageError("database.%s has driver %s: a quarantine is written for postgres alone", folder.head.Name, folder.driver)
	}
	if err := folder.boundedBy(name); err != nil {
		return err
	}
	q := quarantined{options: o.quarantine, folder: folder, name: name}
	wanted, err := q.wanted(o.numbering(folder), time.Now())
	if err != nil {
		return failed(err)
	}
	_, err = a.onScratch(ctx, func(b wayback.Bench) (err error) {
		q.made, err = quarantine.Make(ctx, b, wanted)
		return err
	})
	if refusal, ok := errors.AsType[*quarantine.Refusal](err); ok {
		return blocked(refusal.Reason+"; nothing was written", "Next: "+refusal.Instead)
	}
	if err != nil {
		return err
	}
	return a.write(q.files(), o.dryRun, begun{Remarks: q.remarks()}, q.next()...)
}

// boundedBy refuses where another change set would take both migrations at
// once, or has a name that is needed.
func (f *newFolder) boundedBy(name string) error {
	if f.project == nil {
		return nil
	}
	for _, c := range f.project.ChangeSets() {
		if c.Name == name+"_quarantine" || c.Name == name+"_destroy" {
			return usageError("%s: change set %q is declared already: give another name", c.Range.File, c.Name)
		}
		for _, m := range c.Migrations {
			if m.Database == f.head.Name && m.Version == 0 {
				return blocked(fmt.Sprintf("%s:%d: change set %q migrates database.%s up to its newest file: it would take the quarantine and its end at once. Nothing was written",
					c.Range.File, c.Range.Start.Line, c.Name, f.head.Name), "Next: "+f.bound())
			}
		}
	}
	return nil
}

// bound says how a change set is told where to stop.
func (f *newFolder) bound() string {
	if len(f.files) == 0 {
		return "write the first migrations"
	}
	return fmt.Sprintf("write version = %d into its migration block, and try again", f.files[len(f.files)-1].Version)
}

// quarantined are the two migrations of a quarantine, and their change sets.
type quarantined struct {
	options quarantineOptions
	folder  *newFolder
	name    string
	made    quarantine.Made
}

// wanted numbers both. Where versions are moments, the second has the one at
// which the bake ends: what others write until then comes before it.
func (q *quarantined) wanted(n migrationfile.Numbering, now time.Time) (quarantine.Wanted, error) {
	w := quarantine.Wanted{Files: q.folder.files, Target: q.options.target, Fill: q.options.fill}
	version, err := n.Next(w.Files, now)
	if err != nil {
		return w, err
	}
	w.Away = migrationfile.Pair(q.folder.path, version, q.name+"_quarantine", nil, nil)
	if version, err = n.Next([]plans.MigrationFile{w.Away}, now.Add(q.options.bake)); err != nil {
		return w, err
	}
	w.Gone = migrationfile.Pair(q.folder.path, version, q.name+"_destroy", nil, nil)
	return w, nil
}

func (q *quarantined) files() []textFile {
	files := bothSides(q.made.Away)
	for _, f := range bothSides(q.made.Gone) {
		if f.path != "" {
			files = append(files, f)
		}
	}
	if q.folder.project != nil {
		files = append(files, textFile{path.Join("changes", q.name+".lockstep.hcl"), []byte(q.changeSets())})
	}
	return files
}

// changeSets put the bake between the two: the second needs the first, and asks
// the database for how long that one has been there. A bake_time would keep the
// environment's other change sets waiting all that time.
func (q *quarantined) changeSets() string {
	return fmt.Sprintf(`# Nobody uses %[1]s any more: for %[2]s it is %[3]s, then it is dropped.
change_set "%[4]s_quarantine" {
  description = %[5]q

  migration %[6]q {
    database = database.%[6]s
    version  = %[7]d
  }
}

# Its rows are lost from here on.
change_set "%[4]s_destroy" {
  description = %[8]q
  depends_on  = [change_set.%[4]s_quarantine]

  migration %[6]q {
    database = database.%[6]s
    version  = %[9]d
  }

  # The bake, by what the database says.
  check "sql" "baked" {
    database          = database.%[6]s
    query             = "SELECT now() >= max(applied_at) + interval '%[10]d s' AS over, max(applied_at)::text AS since FROM lockstep.history WHERE version = %[7]d"
    failure_threshold = 1

    assert {
      condition     = self.rows[0].over
      error_message = "In quarantine since ${self.rows[0].since}; %[2]s are not over."
    }
  }

  phase "verify" {
    preconditions = [check.sql.baked]
  }
}
`, oneLine(q.made.What), shortTime(q.options.bake), oneLine(q.made.Now), q.name,
		hclText("Takes "+q.made.What+" out of the way; its rows are kept"), q.folder.head.Name, q.made.Away.Version,
		hclText("Drops what was "+q.made.What), q.made.Gone.Version, int64(q.options.bake.Seconds()))
}

// hclText keeps a name from being read as a template.
func hclText(s string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(oneLine(s))
}

// oneLine keeps a name with a line break in it within a comment.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// shortTime leaves out what is zero: 168h.
func shortTime(d time.Duration) string {
	s := strings.TrimSuffix(d.String(), "m0s")
	if s != d.String() {
		s += "m"
	}
	if short := strings.TrimSuffix(s, "h0m"); short != s {
		s = short + "h"
	}
	return s
}

func (q *quarantined) remarks() []string {
	list := q.made.Remarks
	for _, loss := range q.made.Losses {
		list = append(list, fmt.Sprintf("when %s has run, there is no way back to this: %s", q.made.Gone.ID(), loss))
	}
	if q.folder.project == nil {
		list = append(list, fmt.Sprintf("nothing keeps %s from running at once after %s: wait %s between them, or declare two change sets", q.made.Gone.ID(), q.made.Away.ID(), shortTime(q.options.bake)))
	}
	return append(list, fmt.Sprintf("a migration with a version above %d waits for the end of the quarantine: give %s a higher version while no environment has it, if others must go first", q.made.Gone.Version, q.made.Gone.ID()))
}

func (q *quarantined) next() []step {
	steps := []step{{"lockstep lint" + q.folder.where(), "what does it lock, and what is dangerous in it?"}}
	_, environment := q.folder.reader(q.made.Away.Version)
	if q.folder.project == nil {
		return steps
	}
	return append(steps,
		step{fmt.Sprintf("lockstep plan %s_quarantine --env %s", q.name, environment), "the new name"},
		step{fmt.Sprintf("lockstep rollback %s_quarantine --env %s --with-schema", q.name, environment), "the way back, until it is dropped"},
		step{fmt.Sprintf("lockstep plan %s_destroy --env %s", q.name, environment), fmt.Sprintf("the end, %s later", shortTime(q.options.bake))})
}

// sayRemarks prints what the author has to look at.
func (a *app) sayRemarks(remarks []string) error {
	for _, r := range remarks {
		if _, err := fmt.Fprintf(a.host.Stdout, "Mind: %s\n", r); err != nil {
			return failed(err)
		}
	}
	return nil
}
