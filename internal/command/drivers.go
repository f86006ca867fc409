package command

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/providers/database/other"
)

// drivers lists the kinds of databases that this build can migrate.
func drivers() []string {
	return append([]string{"postgres", "sqlite", "mysql"}, other.Linked()...)
}

// checkDrivers refuses databases that this build cannot migrate.
func checkDrivers(project *config.Project) diag.Diagnostics {
	return project.CheckDrivers(drivers(), func(driver string) string {
		folder := other.Package(driver)
		if folder == "" {
			return ""
		}
		return fmt.Sprintf("Build it in, from Lockstep's sources: make build DRIVERS=%s", folder)
	})
}
