package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/internal/journal"
	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// What decide can be told.
const (
	asAbsent   = "absent"
	asImported = "imported"
)

type decideOptions struct {
	consent

	as      string
	reason  string
	imports []string
	absent  []string
	existed []string
}

func newDecideCommand(a *app) *cobra.Command {
	var o decideOptions
	c := &cobra.Command{
		Use:   "decide RUN ADDRESS --as absent|imported --reason TEXT",
		Short: "Say what became of objects that Terraform began to create and lost",
		Long: `When Terraform or a provider of its own was killed while it made something, nobody
but a person can tell whether the object is there; the run says "unknown" and
names it. Look, then say:

  --as absent    none of the objects exists. That is written down, and resume
                 makes them.
  --as imported  they exist. Terraform plans their import; the plan may hold
                 nothing else than what was approved. It is shown, confirmed and
                 carried out. --import gives the id of an object whose id is not
                 known, --absent names one that does not exist, --existed one
                 that was there before this run.

ADDRESS is the step's. Afterwards the run goes on with resume, or back with
abort, which destroys imported objects like everything that the run made; those
of --existed it lets go of and never destroys.`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			word, err := o.word(args[1])
			if err != nil {
				return err
			}
			return a.decide(c.Context(), args[0], word, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.as, "as", "", "absent or imported")
	f.StringVar(&o.reason, "reason", "", "what was seen, for the journal")
	f.StringArrayVar(&o.imports, "import", nil, "the id of an object that exists, `ADDRESS=ID`; may be repeated")
	f.StringArrayVar(&o.absent, "absent", nil, "`ADDRESS` of an object that does not exist, beside others that are imported; may be repeated")
	f.StringArrayVar(&o.existed, "existed", nil, "`ADDRESS` of an imported object that was there before this run, which a way back must not destroy; may be repeated")
	f.BoolVar(&o.autoApprove, "auto-approve", false, "do not ask")
	f.StringVar(&o.confirm, "confirm", "", "confirm a protected environment by its `NAME`")
	return c
}

// word checks the flags.
func (o decideOptions) word(step string) (rollout.Word, error) {
	w := rollout.Word{Step: step, As: o.as, Reason: strings.TrimSpace(o.reason)}
	if o.as != asAbsent && o.as != asImported {
		return w, usageError("--as %q is not known: expected absent or imported", o.as)
	}
	if w.Reason == "" {
		return w, usageError("--reason is missing: say what was seen, for whoever reads the journal")
	}
	if o.as == asAbsent && len(o.imports)+len(o.absent)+len(o.existed) > 0 {
		return w, usageError("--as absent speaks of all lost objects; --import, --absent and --existed go with --as imported")
	}
	w.Decision = providers.Decision{AllAbsent: o.as == asAbsent, Absent: o.absent, Found: o.existed, Imports: map[string]string{}}
	for _, text := range o.imports {
		address, id := cutImport(text)
		if address == "" || id == "" {
			return w, usageError("--import %s: expected ADDRESS=ID", text)
		}
		w.Decision.Imports[address] = id
	}
	return w, nil
}

// cutImport cuts ADDRESS=ID at the first "=" outside of an index.
func cutImport(text string) (address, id string) {
	quoted := false
	for i := range len(text) {
		switch {
		case text[i] == '"' && (i == 0 || text[i-1] != '\\'):
			quoted = !quoted
		case text[i] == '=' && !quoted:
			return text[:i], text[i+1:]
		}
	}
	return "", ""
}

// decide takes the decision under the environment's lease, in the run's journal.
func (a *app) decide(ctx context.Context, id string, word rollout.Word, o decideOptions) error {
	options := applyOptions{consent: o.consent, parallelism: 1, wait: -1}
	return a.goOn(ctx, []string{id}, goingOn{
		options: options, decides: true,
		agree: func(run journal.Run, p *plans.Plan, c consent) error {
			if word.Decision.AllAbsent {
				return a.ask(p, "Go on with", c)
			}
			return nil // asked once it is known what the import does
		},
		do: func(ctx context.Context, c rollout.Config) rollout.Outcome {
			word.Decision.Agree = func(settled []providers.Lost, changes []plans.ResourceChange) error {
				a.sayImports(settled, changes)
				return a.ask(c.Plan, "Import and go on with", o.consent)
			}
			return rollout.Decide(ctx, c, word)
		},
	})
}

// sayImports shows what is about to happen to the target.
func (a *app) sayImports(settled []providers.Lost, changes []plans.ResourceChange) {
	w := a.mask.Writer(a.host.Stderr)
	defer w.Close()
	say := func(sign, what, how string) {
		fmt.Fprintf(w, "  %s %s  %s\n", sign, redact.Escape(what), redact.Escape(how))
	}
	fmt.Fprintln(w, "Terraform will:")
	found := map[string]bool{}
	for _, l := range settled {
		if l.ID == "" {
			say("?", l.Address, "said to be absent")
		}
		found[l.Address] = l.Found
	}
	for _, c := range changes {
		how := string(c.Kind())
		if c.Importing && c.Kind() == plans.ChangeUpdate {
			how = "import, and update to the approved values"
		}
		if c.ImportID != "" {
			how += fmt.Sprintf(" (id %q)", c.ImportID)
		}
		switch {
		case c.Importing && found[c.Address]:
			how += "; it was there before this run, and a way back lets go of it"
		case c.Importing:
			how += "; this run made it, and a way back destroys it (if not, say --existed)"
		}
		say("-", c.Address, how)
	}
}
