package command

import (
	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/internal/sqlsecret"
	"github.com/lockstep-dev/lockstep/plans"
)

// hideWritten makes a mask know the passwords that are written in migrations:
// servers and other programs quote the statements that they are in.
func hideWritten(mask *redact.Values, files []plans.MigrationFile) {
	for _, f := range files {
		for _, side := range []plans.SQLFile{f.Up, f.Down} {
			mask.Learn(sqlsecret.Values(side.Bytes)...)
		}
	}
}

// hideWritten is that of a plan file's migrations. Inputs that cannot be read
// are refused where they are needed.
func (o *opened) hideWritten(mask *redact.Values) {
	for _, step := range o.bundle.Plan.Steps {
		if step.Migration == nil {
			continue
		}
		for _, in := range step.Inputs {
			if text, err := o.bundle.Blob(in.Digest); err == nil {
				mask.Learn(sqlsecret.Values(text)...)
			}
		}
	}
}
