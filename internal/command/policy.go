package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/plans"
)

// policyHolds compares what guards the environment in the plan with what the
// project in this folder says. A plan file is a file: whoever can write one
// could leave the guards out of it.
func policyHolds(p *plans.Plan) error {
	w, err := openWorkspace()
	if err != nil {
		return err
	}
	environment, err := w.environment(p.Environment)
	if err != nil {
		return blocked(fmt.Sprintf("The plan is for %s, which the project in this folder does not declare; nothing was changed.", p.Environment),
			"Apply it in the project's folder: lockstep -C FOLDER apply PLAN")
	}
	var differences []string
	if environment.Protected != p.Protected {
		differences = append(differences, fmt.Sprintf("protected is %t in the plan and %t in the project", p.Protected, environment.Protected))
	}
	upstream := upstreamOf(w.project, p.ChangeSet, environment)
	if !slices.Equal(upstream, p.Upstream) {
		differences = append(differences, fmt.Sprintf("the environments before it are %s in the plan and %s in the project",
			upstreamText(p.Upstream), upstreamText(upstream)))
	}
	for _, name := range dependenciesOf(w.project, p) {
		if !slices.Contains(p.Requires, name) {
			differences = append(differences, fmt.Sprintf("the project says that %s depends on %s, the plan does not", p.ChangeSet, name))
		}
	}
	if len(differences) == 0 {
		return nil
	}
	return blocked("The plan's guards are not the project's; nothing was changed.\n  "+strings.Join(differences, "\n  "),
		fmt.Sprintf("Plan again: lockstep plan %s --env %s", p.ChangeSet, p.Environment))
}

// dependenciesOf are the change sets that the planned one depends on and that
// go to its environment.
func dependenciesOf(project *config.Project, p *plans.Plan) []string {
	goes := map[string]bool{}
	var needs []string
	for _, head := range project.ChangeSets() {
		goes[head.Name] = len(head.Environments) == 0 || slices.Contains(head.Environments, p.Environment)
		if head.Name == p.ChangeSet {
			needs = head.DependsOn
		}
	}
	return slices.DeleteFunc(slices.Clone(needs), func(name string) bool { return !goes[name] })
}

func upstreamText(upstream []plans.Upstream) string {
	if len(upstream) == 0 {
		return "none"
	}
	var names []string
	for _, u := range upstream {
		name := u.Environment
		if soak, err := u.SoakTime.MarshalText(); err == nil && u.SoakTime > 0 {
			name += " (soak " + string(soak) + ")"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}
