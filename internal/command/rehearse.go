package command

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/rehearse"
	"github.com/lockstep-dev/lockstep/internal/rehearse/aside"
	"github.com/lockstep-dev/lockstep/internal/rehearse/server"
	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
	"github.com/lockstep-dev/lockstep/internal/rehearse/updown"
	"github.com/lockstep-dev/lockstep/internal/view"
	"github.com/lockstep-dev/lockstep/plans"
)

// scratchVariable names a scratch server whose URL has a password in it: the
// arguments of a process are for all to read.
const scratchVariable = "LOCKSTEP_SCRATCH_URL"

func newRehearseCommand(a *app) *cobra.Command {
	scratch, sample := "", 0
	c := &cobra.Command{
		Use:   "rehearse [FOLDER] | rehearse PLAN | rehearse CHANGE_SET --env NAME",
		Short: "Try every migration up, down and up again on a throw-away server",
		Long: `Starts a PostgreSQL of its own from the programs on this machine, or takes the server of
--scratch-url, applies the migrations from the first one on, takes each back by its down file
and applies it again, and compares the schema at every stop. Locks, rewrites and scans are
measured on the way. That is done on empty tables; before, each direction is tried with a
row in every table that it may touch, and what fails then alone is named with the rows that
it fails on. No target is asked. Without a FOLDER it takes those of the project's databases.

Of a plan or a change set it tries the migrations that are pending in the environment, on a
copy of the target's schema, and the application's statements before and after each.

LOCKSTEP_POSTGRES_BIN names the folder of the server's programs where they lie in no usual
place. LOCKSTEP_SCRATCH_URL is --scratch-url where it holds a password. On such a server only
databases of Lockstep's own making are used, and they are dropped.`,
		Example: `  lockstep rehearse
  lockstep rehearse migrations --json
  lockstep rehearse order_status --env staging
  lockstep rehearse migrations --scratch-url 'postgres://ci@localhost/postgres?sslmode=disable'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if scratch == "" {
				scratch = a.environ(scratchVariable)
			}
			if len(args) == 1 && !isFolder(args[0]) {
				return a.rehearsePlanned(c.Context(), args, scratch, sample)
			}
			if sample != 0 {
				return usageError("--sample copies rows of an environment's database: lockstep rehearse CHANGE_SET --env NAME --sample %d", sample)
			}
			return a.rehearse(c.Context(), args, scratch)
		},
	}
	c.Flags().StringVar(&scratch, "scratch-url", "", "the server to rehearse on, as `URL`; the role must be able to make databases")
	c.Flags().IntVar(&sample, "sample", 0, "copy this `NUMBER` of rows of each table that pending files touch, instead of making rows up")
	return c
}

// rehearsal is the document of rehearse --json.
type rehearsal struct {
	FormatVersion string      `json:"format_version"`
	Server        string      `json:"server_version"`
	Migrations    []rehearsed `json:"migrations"`
	Notes         []string    `json:"notes,omitempty"`

	sample int // rows copied of each table; 0: one was made up
}

// tables says for people what was in the tables.
func (doc rehearsal) tables() string {
	if doc.sample > 0 {
		return fmt.Sprintf("empty tables, and up to %d rows of the target's in each", doc.sample)
	}
	return "empty tables and a row in each"
}

type rehearsed struct {
	Version     string           `json:"version"`
	Name        string           `json:"name"`
	Up          plans.Outcome    `json:"up"`
	Down        plans.Outcome    `json:"down"`
	Restores    bool             `json:"restores"`
	Grade       plans.Grade      `json:"grade"`
	Differences []string         `json:"differences"`
	Statements  []view.Statement `json:"statements"`
	Unseen      []string         `json:"unseen,omitempty"`
	// Basis and Queries are of a rehearsal for an environment.
	Basis   string               `json:"basis,omitempty"`
	Queries *plans.QueryEvidence `json:"queries,omitempty"`

	id string // for people
}

func (a *app) rehearse(ctx context.Context, paths []string, scratch string) error {
	a.mask.Learn(redact.Passwords(scratch)...)
	sources, err := lintSources(paths, "postgres")
	if err != nil {
		return err
	}
	doc := rehearsal{FormatVersion: "1.0"}
	for _, source := range sources {
		if source.driver != "postgres" || source.alone {
			continue
		}
		hideWritten(a.mask, source.files)
		done, err := rehearse.Run(ctx, rehearse.Request{
			Scratch: scratch, Pending: source.files, Omit: []string{"schema_migrations"}, Begin: a.rehearsing(len(source.files)),
		})
		if err != nil {
			return rehearsalFailed(err)
		}
		doc.add(done, source.files)
	}
	return a.showRehearsal(doc)
}

func rehearsalFailed(err error) error {
	if !errors.Is(err, rehearse.ErrNoServer) {
		return failed(err)
	}
	return &endError{code: exitError, err: err, next: []string{
		"Install a PostgreSQL server, or name the folder of its programs: " + server.FolderVariable + "=/usr/lib/postgresql/16/bin lockstep rehearse",
		"Or name a server that may be used: lockstep rehearse --scratch-url URL",
	}}
}

// add spells the outcome for each file.
func (doc *rehearsal) add(done rehearse.Result, files []plans.MigrationFile) {
	doc.Server, doc.Notes = done.Server, append(doc.Notes, done.Notes...)
	for _, file := range files {
		doc.Migrations = append(doc.Migrations, spellRehearsed(file, done.Files[file.Version]))
	}
}

// rehearsing says on a terminal which file is being tried.
func (a *app) rehearsing(all int) func(plans.MigrationFile) {
	s := a.streams()
	if !s.Err.Terminal || a.flags.quiet {
		return nil
	}
	i := 0
	return func(file plans.MigrationFile) {
		i++
		_, _ = fmt.Fprintf(s.Err, "\r\x1b[KRehearsing %d of %d: %s", i, all, file.ID()) // progress is no answer
		if i == all {
			_, _ = fmt.Fprint(s.Err, "\r\x1b[K")
		}
	}
}

// scratchOn makes a database for each rehearsal.
func scratchOn(s *server.Server) updown.Bench {
	return updown.Bench{
		Omit: []string{"schema_migrations"},
		Open: func(ctx context.Context) (*sql.DB, func() error, error) {
			database, err := s.Database(ctx, server.Locale{})
			if err != nil {
				return nil, nil, err
			}
			if err := database.Equip(ctx, trace.Install(), aside.Install()); err != nil {
				return nil, nil, errors.Join(err, database.Drop(context.WithoutCancel(ctx)))
			}
			db, err := sql.Open("postgres", database.URL())
			if err != nil {
				return nil, nil, errors.Join(err, database.Drop(context.WithoutCancel(ctx)))
			}
			return db, func() error { return errors.Join(db.Close(), database.Drop(context.WithoutCancel(ctx))) }, nil
		},
	}
}

func spellRehearsed(file plans.MigrationFile, e rehearse.Evidence) rehearsed {
	m := e.Rehearsal
	r := rehearsed{
		Version: strconv.FormatUint(file.Version, 10), Name: file.Name, Up: m.Up, Down: m.Down, Restores: m.Restores, Grade: m.Grade,
		Differences: m.Differences, Statements: view.Statements(e.Statements), Unseen: m.Unseen,
		Queries: e.Queries, id: file.ID(),
	}
	if r.Differences == nil {
		r.Differences = []string{}
	}
	return r
}

// breaks are the application's statements that do not work as before after it.
func (r rehearsed) breaks() []string {
	if r.Queries == nil {
		return nil
	}
	var lines []string
	for _, b := range r.Queries.Breaks {
		lines = append(lines, b.Where+": "+b.Summary)
	}
	return lines
}

// wrong reports whether an up file fails, or a down file that is there does not
// restore the schema.
func (r rehearsed) wrong() bool {
	if r.Up == plans.OutcomeSkipped {
		return false // it says why, and what failed before it is wrong
	}
	return r.Up != plans.OutcomeOK || r.Down != plans.OutcomeMissing && !r.Restores
}

func (a *app) showRehearsal(doc rehearsal) error {
	if a.wantsJSON() {
		enc := json.NewEncoder(a.host.Stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(doc); err != nil {
			return failed(err)
		}
	} else if err := a.printRehearsal(doc); err != nil {
		return failed(err)
	}
	for _, m := range doc.Migrations {
		if m.wrong() {
			return silent(exitFindings)
		}
	}
	return nil
}

func (a *app) printRehearsal(doc rehearsal) error {
	out, wrong, skipped := a.streams().Out, 0, 0
	for _, m := range doc.Migrations {
		if !m.wrong() && m.Down != plans.OutcomeMissing && len(m.Differences) == 0 && len(m.breaks()) == 0 {
			continue
		}
		word := "works on empty tables alone"
		switch {
		case m.Up == plans.OutcomeSkipped:
			skipped++
			word = "not rehearsed"
		case !m.wrong() && m.Down != plans.OutcomeMissing && len(m.Differences) == 0:
			word = "works"
		case m.Down == plans.OutcomeMissing && !m.wrong():
			word = "no down file"
		case m.wrong():
			wrong++
			word = fmt.Sprintf("up %s, down %s, restores: %t", m.Up, m.Down, m.Restores)
		}
		if _, err := fmt.Fprintf(out, "%s: %s\n", m.id, word); err != nil {
			return err
		}
		for _, d := range slices.Concat(m.Differences, m.breaks()) {
			if _, err := fmt.Fprintf(out, "  %s\n", d); err != nil {
				return err
			}
		}
	}
	for _, note := range doc.Notes {
		if _, err := fmt.Fprintln(out, "Note: "+note); err != nil {
			return err
		}
	}
	left := ""
	if skipped > 0 {
		left = fmt.Sprintf(", %d not rehearsed", skipped)
	}
	_, err := fmt.Fprintf(out, "Rehearsed on PostgreSQL %s, %s: %s, %s with a down file that does not restore the schema or a file that fails%s.\n",
		doc.Server, doc.tables(), counted(len(doc.Migrations), "migration"), strconv.Itoa(wrong), left)
	if err != nil || wrong == 0 {
		return err
	}
	_, err = fmt.Fprintln(out, "Next: mend the files named above, and try again: lockstep rehearse")
	return err
}
