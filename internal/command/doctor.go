package command

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/doctor"
	"github.com/lockstep-dev/lockstep/internal/view"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

func newDoctorCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Is this machine ready: tools, journal, databases",
		Long: `Looks at what an apply needs: tools and their versions, the journal, the values of
variables, and at each database the server, the role's rights, connection poolers,
locks, long transactions, replicas, clocks and room. It changes nothing.

Without --env it looks at every environment whose values are known here. It ends
with 0 when nothing is in the way, with 3 when something would stop an apply, and
with 1 when something could not be reached.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.doctor(c.Context()) },
	}
}

func (a *app) doctor(ctx context.Context) error {
	w, err := openWorkspace()
	if err != nil {
		return err
	}
	environments := w.project.Environments()
	if a.flags.env != "" {
		one, err := w.environment(a.flags.env)
		if err != nil {
			return err
		}
		environments = []config.Environment{one}
	}
	patients := []doctor.Patient{{Name: "this machine", Signs: slices.Concat(lookAtTerraform(w), lookAtJournal(w.settings.JournalPath))}}
	for _, e := range environments {
		seen, err := a.examine(ctx, w, e)
		if err != nil {
			return err
		}
		patients = append(patients, seen...)
	}
	for i := range patients {
		a.hideSecrets(patients[i].Signs)
	}
	v := view.Doctor{Out: a.streams().Out}
	if a.wantsJSON() {
		err = v.JSON(patients)
	} else {
		err = v.Text(patients)
	}
	if err != nil {
		return failed(err)
	}
	return silent(doctorCode(doctor.Worst(patients)))
}

func doctorCode(worst doctor.Verdict) int {
	switch worst {
	case doctor.Unreachable:
		return exitError
	case doctor.Problem:
		return exitBlocked
	default:
		return exitDone
	}
}

func lookAtTerraform(w *workspace) []doctor.Sign {
	required := w.settings.RequiredTools
	t := doctor.Tool{Name: "terraform", Required: required["terraform"]}
	if wanted, ok := required["tofu"]; ok && t.Required == "" {
		t.Name, t.Required = "tofu", wanted
	}
	path, found, err := terraform.FindBinary(required)
	if err != nil {
		t.Reason = err.Error()
	}
	t.Path, t.Found = path, found
	mirror := doctor.Mirror{}
	mirror.Place, mirror.Named, err = terraform.FindMirror(".", w.settings.PluginMirror)
	if err != nil {
		mirror.Reason = err.Error()
	}
	return append([]doctor.Sign{doctor.JudgeTool(t)}, doctor.JudgeMirror(mirror)...)
}

// examine looks at one environment: its values, and with them its databases.
func (a *app) examine(ctx context.Context, w *workspace, environment config.Environment) ([]doctor.Patient, error) {
	values, ds := w.project.Values(environment.Name, config.ValueInputs{Environ: a.host.Environ, Flags: a.flags.assigned, ReadFile: os.ReadFile})
	var mistakes []string
	for _, d := range ds {
		mistakes = append(mistakes, d.Summary)
	}
	patients := []doctor.Patient{{Name: "environment " + environment.Name, Where: environment.Name, Signs: []doctor.Sign{doctor.JudgeVariables(mistakes, a.flags.env != "")}}}
	if ds.HasErrors() {
		return patients, nil
	}
	a.mask.Learn(values.Secrets()...)
	blocks, ds := w.project.DatabaseBlocks(environment.Name, values)
	if ds.HasErrors() {
		return nil, diagnose(w.project, ds)
	}
	registry := newRegistry(a, w)
	seen := make([]doctor.Patient, len(blocks))
	var group errgroup.Group
	group.SetLimit(observeAtOnce)
	for i, b := range blocks {
		a.mask.Learn(b.Settings.Secrets()...)
		group.Go(func() error {
			seen[i] = doctor.Patient{Name: b.Address, Where: environment.Name, Signs: checkUp(ctx, registry, environment.Name, b)}
			return nil
		})
	}
	_ = group.Wait() // what cannot be looked at is among the signs
	return append(patients, seen...), nil
}

// healthExaminer is what doctor asks of a target's provider.
type healthExaminer interface {
	CheckUp(ctx context.Context, settings json.RawMessage) []doctor.Sign
}

func checkUp(ctx context.Context, r *registry, environment string, b config.Block) []doctor.Sign {
	late := func(seen string) []doctor.Sign {
		return []doctor.Sign{{Subject: "server", Verdict: doctor.Note, Seen: seen, Why: "it was not looked at"}}
	}
	if unknown := b.Settings.Unknowns(); len(unknown) > 0 {
		return late("known after apply: " + strings.Join(unknown, ", "))
	}
	settings, err := b.Settings.Reveal()
	if err != nil {
		return late(err.Error())
	}
	provider, err := r.make(providerName(b))
	if err != nil {
		return []doctor.Sign{{Subject: "driver", Verdict: doctor.Problem, Seen: err.Error(), Why: "nothing can be planned for it"}}
	}
	examiner, ok := provider.(healthExaminer)
	if !ok {
		return []doctor.Sign{{
			Subject: "server", Verdict: doctor.Note, Seen: "driver " + b.Driver + " is golang-migrate's own; it was not looked at",
			Why: "it makes its version table as soon as it looks, and doctor changes nothing", Next: "lockstep plan --env " + environment + " reads its version",
		}}
	}
	signs := examiner.CheckUp(ctx, settings)
	for i := range signs {
		for _, verb := range []string{"lockstep import", "lockstep repair"} { // a provider knows no environment
			signs[i].Next = strings.Replace(signs[i].Next, verb, fmt.Sprintf("%s %s --env %s", verb, b.Name, environment), 1)
		}
	}
	return signs
}

// hideSecrets masks what a server or a file may have said.
func (a *app) hideSecrets(signs []doctor.Sign) {
	for i := range signs {
		for _, text := range []*string{&signs[i].Seen, &signs[i].Why, &signs[i].Next} {
			*text = a.mask.String(*text)
		}
	}
}
