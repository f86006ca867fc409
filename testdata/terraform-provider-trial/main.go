// Terraform-provider-trial is a Terraform provider whose cloud is a folder. It
// is made for tests of Lockstep: everything that a real provider does slowly,
// halfway or not at all can be asked of it. README.md says how.
package main

import (
	"context"
	"log"
	"os"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/lockstep-dev/terraform-provider-trial/trial"
)

func main() {
	var active atomic.Int64
	go endWithParent(&active)
	err := providerserver.Serve(context.Background(), trial.New(&active), providerserver.ServeOpts{
		Address: "registry.terraform.io/lockstep-dev/trial",
	})
	if err != nil {
		log.Fatal(err)
	}
}

const parentPoll = 100 * time.Millisecond

// endWithParent ends the process when Terraform is gone and no call is under
// way: a call that Terraform left behind has its effect all the same, as with
// any provider, but no test leaves a process behind.
func endWithParent(active *atomic.Int64) {
	parent := os.Getppid()
	for range time.Tick(parentPoll) {
		if os.Getppid() != parent && active.Load() == 0 {
			os.Exit(0)
		}
	}
}
