package command

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/rehearse/server"
	"github.com/lockstep-dev/lockstep/internal/rehearse/updown"
	"github.com/lockstep-dev/lockstep/plans"
)

func newRehearseCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "rehearse [FOLDER]",
		Short: "Try every migration up, down and up again on a throw-away server",
		Long: `Starts a PostgreSQL of its own from the programs on this machine, applies the migrations
from the first one on, takes each back by its down file and applies it again, and compares
the schema at every stop. Locks, rewrites and scans are measured on the way. Tables are
empty there: what fails on rows alone does not show. No target is asked. Without a FOLDER
it takes those of the project's databases. LOCKSTEP_POSTGRES_BIN names the folder of the
server's programs where they lie in no usual place.`,
		Example: `  lockstep rehearse
  lockstep rehearse migrations --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.rehearse(c.Context(), args) },
	}
}

// rehearsal is the document of rehearse --json.
type rehearsal struct {
	FormatVersion string      `json:"format_version"`
	Server        string      `json:"server_version"`
	Migrations    []rehearsed `json:"migrations"`
}

type rehearsed struct {
	Version     string            `json:"version"`
	Name        string            `json:"name"`
	Up          updown.Outcome    `json:"up"`
	Down        updown.Outcome    `json:"down"`
	Restores    bool              `json:"restores"`
	Grade       plans.Grade       `json:"grade"`
	Differences []string          `json:"differences"`
	Statements  []plans.Statement `json:"statements"`
	Unseen      []string          `json:"unseen,omitempty"`
}

func (a *app) rehearse(ctx context.Context, paths []string) error {
	sources, err := lintSources(paths, "postgres")
	if err != nil {
		return err
	}
	binaries, err := server.Find(ctx, server.Wanted{})
	if err != nil {
		return &endError{code: exitError, err: err, next: []string{
			"Install a PostgreSQL server, or name the folder of its programs: " + server.FolderVariable + "=/usr/lib/postgresql/16/bin lockstep rehearse",
		}}
	}
	s, err := server.Start(ctx, server.Options{Binaries: binaries})
	if err != nil {
		return failed(err)
	}
	doc := rehearsal{FormatVersion: "1.0", Server: binaries.Version}
	for _, source := range sources {
		if source.driver != "postgres" || source.alone {
			continue
		}
		list, err := updown.Rehearse(ctx, scratchOn(s), source.files)
		if err != nil {
			return failed(errors.Join(err, s.Close()))
		}
		for _, m := range list {
			doc.Migrations = append(doc.Migrations, spellRehearsed(m))
		}
	}
	if err := s.Close(); err != nil {
		return failed(err)
	}
	return a.showRehearsal(doc)
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
			db, err := sql.Open("postgres", database.URL())
			if err != nil {
				return nil, nil, errors.Join(err, database.Drop(context.WithoutCancel(ctx)))
			}
			return db, func() error { return errors.Join(db.Close(), database.Drop(context.WithoutCancel(ctx))) }, nil
		},
	}
}

func spellRehearsed(m updown.Migration) rehearsed {
	r := rehearsed{
		Version: strconv.FormatUint(m.Version, 10), Name: m.Name, Up: m.Up, Down: m.Down, Restores: m.Restores, Grade: m.Grade,
		Differences: m.Differences, Statements: m.Statements, Unseen: m.Unseen,
	}
	if r.Differences == nil {
		r.Differences = []string{}
	}
	if r.Statements == nil {
		r.Statements = []plans.Statement{}
	}
	return r
}

// wrong reports whether an up file fails, or a down file that is there does not
// restore the schema.
func (r rehearsed) wrong() bool { return r.Up != updown.OK || r.Down != updown.Missing && !r.Restores }

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
	out, wrong := a.streams().Out, 0
	for _, m := range doc.Migrations {
		if !m.wrong() && m.Down != updown.Missing {
			continue
		}
		word := "no down file"
		if m.wrong() {
			wrong++
			word = fmt.Sprintf("up %s, down %s, restores: %t", m.Up, m.Down, m.Restores)
		}
		if _, err := fmt.Fprintf(out, "%s_%s: %s\n", m.Version, m.Name, word); err != nil {
			return err
		}
		for _, d := range m.Differences {
			if _, err := fmt.Fprintf(out, "  %s\n", d); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(out, "Rehearsed on PostgreSQL %s, empty tables: %s, %s with a down file that does not restore the schema or a file that fails.\n",
		doc.Server, counted(len(doc.Migrations), "migration"), strconv.Itoa(wrong))
	if err != nil || wrong == 0 {
		return err
	}
	_, err = fmt.Fprintln(out, "Next: mend the files named above, and try again: lockstep rehearse")
	return err
}
