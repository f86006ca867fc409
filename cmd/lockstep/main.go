// Command lockstep moves infrastructure, database schema and application
// through environments as one change.
package main

import (
	"os"
	"runtime/debug"

	"github.com/lockstep-dev/lockstep/internal/command"
)

// collectLate trades memory, which is given back in a moment, for a tenth of
// the time that a large plan takes. GOGC in the environment has the last word.
const collectLate = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectLate)
	}
	os.Exit(command.Main(os.Args[1:], command.System()))
}
