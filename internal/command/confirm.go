package command

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// consent are the flags that answer the question before it is asked.
type consent struct {
	autoApprove bool
	confirm     string
	reviewed    bool // a saved plan: it was looked at before
}

// ask makes sure that a person, or a flag, wants this. A protected environment
// wants its name, because "y" is typed too easily.
func (a *app) ask(p *plans.Plan, verb string, c consent) error {
	if p.Protected {
		return a.askName(p, verb, c)
	}
	if c.autoApprove || c.reviewed || c.confirm == p.Environment {
		return nil
	}
	if c.confirm != "" {
		return usageError("--confirm=%s does not name the environment %s", c.confirm, p.Environment)
	}
	answer, err := a.prompt(fmt.Sprintf("%s %s in %s? Only \"yes\" is taken: ", verb, p.ChangeSet, p.Environment), "--auto-approve")
	if err != nil {
		return err
	}
	if answer != "yes" {
		return blocked("Not confirmed; nothing was changed.")
	}
	return nil
}

func (a *app) askName(p *plans.Plan, verb string, c consent) error {
	given := c.confirm
	if given == "" {
		var err error
		question := fmt.Sprintf("%s is protected. To %s %s there, type the environment's name: ",
			p.Environment, strings.ToLower(verb), p.ChangeSet)
		if given, err = a.prompt(question, "--confirm="+p.Environment); err != nil {
			return err
		}
	}
	if given != p.Environment {
		return blocked(fmt.Sprintf("Confirmed %q, but the plan is for %s; nothing was changed.", given, p.Environment))
	}
	return nil
}

// prompt asks on stderr; without a terminal it names the flag to use instead.
func (a *app) prompt(question, flag string) (string, error) {
	if a.flags.noInput || !a.streams().Interactive() {
		return "", usageError("This needs a confirmation and there is no terminal to ask on; give %s", flag)
	}
	fmt.Fprint(a.host.Stderr, question)
	line, err := bufio.NewReader(a.host.Stdin).ReadString('\n')
	if err != nil {
		return "", usageError("No answer; give %s", flag)
	}
	return strings.TrimSpace(line), nil
}
