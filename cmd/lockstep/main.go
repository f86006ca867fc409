// Command lockstep moves infrastructure, database schema and application
// through environments as one change.
package main

import (
	"os"

	"github.com/lockstep-dev/lockstep/internal/command"
)

func main() {
	os.Exit(command.Main(os.Args[1:], command.System()))
}
