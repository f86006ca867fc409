package command

import "github.com/lockstep-dev/lockstep/providers/terraform/shim"

// shimVerb makes this binary hold Terraform's process instead of being the
// command line, so that Terraform outlives a run that dies.
const shimVerb = "terraform-shim"

func runShim(args []string) (code int, ok bool) {
	if len(args) == 0 || args[0] != shimVerb {
		return 0, false
	}
	return shim.Main(args[1:]), true
}
