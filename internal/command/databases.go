package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/mend"
	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/internal/sqltrace"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// keptDatabase is one database block in one environment, for the verbs that
// care for a database outside of a run.
type keptDatabase struct {
	workspace   *workspace
	environment config.Environment
	block       config.Block
	settings    json.RawMessage
	keeper      databaseKeeper
	mask        *redact.Values
}

// databaseKeeper is what import and repair ask of a database's provider.
type databaseKeeper interface {
	SurveyTools(ctx context.Context, settings json.RawMessage) (database.ToolSurvey, error)
	Adopt(ctx context.Context, req database.AdoptRequest) error
	Examine(ctx context.Context, settings json.RawMessage, traces []sqltrace.Trace) (mend.Sights, error)
	Invalid(ctx context.Context, settings json.RawMessage) ([]database.InvalidIndex, error)
	Repair(ctx context.Context, req database.RepairRequest) error
	SetVersion(ctx context.Context, req database.RepairRequest) error
	DropInvalid(ctx context.Context, settings json.RawMessage, indexes []database.InvalidIndex, say func(string)) error
	Accept(ctx context.Context, req database.AcceptRequest) error
}

// pickDatabase finds the database that is named, or the only one there is.
func (a *app) pickDatabase(args []string) (*keptDatabase, error) {
	w, err := openWorkspace()
	if err != nil {
		return nil, err
	}
	environment, err := w.environment(a.flags.env)
	if err != nil {
		return nil, err
	}
	values, ds := w.project.Values(environment.Name, config.ValueInputs{
		Environ: a.host.Environ, Flags: a.flags.assigned, ReadFile: os.ReadFile,
	})
	if ds.HasErrors() {
		return nil, diagnose(w.project, ds)
	}
	a.mask.Learn(values.Secrets()...)
	blocks, ds := w.project.DatabaseBlocks(environment.Name, values)
	if ds.HasErrors() {
		return nil, diagnose(w.project, ds)
	}
	for _, b := range blocks {
		a.mask.Learn(b.Settings.Secrets()...)
	}
	block, err := oneDatabase(blocks, args)
	if err != nil {
		return nil, err
	}
	d := &keptDatabase{workspace: w, environment: environment, block: block, mask: a.mask}
	return d, d.open(newRegistry(a, w))
}

func oneDatabase(blocks []config.Block, args []string) (config.Block, error) {
	names := make([]string, 0, len(blocks))
	for _, b := range blocks {
		if len(args) == 1 && strings.TrimPrefix(args[0], "database.") == b.Name {
			return b, nil
		}
		names = append(names, b.Name)
	}
	switch {
	case len(args) == 1:
		return config.Block{}, undeclared("database", args[0], names)
	case len(blocks) == 1:
		return blocks[0], nil
	case len(blocks) == 0:
		return config.Block{}, usageError("the project declares no database; write a database block first: lockstep language database")
	default:
		return config.Block{}, usageError("which database? Declared: %s", strings.Join(names, ", "))
	}
}

func (d *keptDatabase) open(r *registry) error {
	if unknown := d.block.Settings.Unknowns(); len(unknown) > 0 {
		return blocked(fmt.Sprintf("%s is not known in %s before its change set is applied (%s); nothing was changed.",
			d.block.Address, d.environment.Name, strings.Join(unknown, ", ")))
	}
	settings, err := d.block.Settings.Reveal()
	if err != nil {
		return failed(err)
	}
	provider, err := r.make(providerName(d.block))
	if err != nil {
		return failed(err)
	}
	keeper, ok := provider.(databaseKeeper)
	if !ok {
		return usageError("%s: driver %s is golang-migrate's own and keeps a version number alone; there is no history to take over or to mend: "+
			"see what is there, mend it by hand, then set the version with golang-migrate's migrate force VERSION", d.block.Address, d.block.Driver)
	}
	d.settings, d.keeper = settings, keeper
	return nil
}

// folder is where the block's migrations are.
func (d *keptDatabase) folder() string { return d.block.Settings.Text("migrations") }

// files are the block's migrations; none when there is no folder yet.
func (d *keptDatabase) files() ([]plans.MigrationFile, error) {
	if _, err := os.Stat(d.folder()); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	files, err := database.ReadFolder(os.DirFS("."), d.folder())
	if err != nil {
		return nil, folderFailed(err)
	}
	hideWritten(d.mask, files)
	return files, nil
}

// question is what ask and askName need to know of what they ask about.
func (d *keptDatabase) question() *plans.Plan {
	return &plans.Plan{Environment: d.environment.Name, Protected: d.environment.Protected, ChangeSet: d.block.Address}
}

// split cuts text into statements by the database's rules.
func (d *keptDatabase) split(text []byte) ([]sqlscan.Statement, error) {
	switch d.block.Driver {
	case "sqlite":
		return sqlscan.SplitSQLite(text)
	case "mysql":
		return sqlscan.SplitMySQL(text)
	default:
		return sqlscan.Split(text)
	}
}
