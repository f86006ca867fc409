package command

import (
	"errors"

	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// folderFailed makes a diagnostic of each problem of a migrations folder.
func folderFailed(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return failed(err)
	}
	var ds diag.Diagnostics
	for _, e := range joined.Unwrap() {
		problem, ok := errors.AsType[*database.FileError](e)
		if !ok {
			return failed(err)
		}
		place := diag.Pos{Line: problem.Line, Column: problem.Column}
		ds = append(ds, diag.Diagnostic{
			Severity: diag.Error, Code: "migration-file", Summary: problem.Summary(), Fix: problem.Fix,
			Range: diag.Range{File: problem.File, Start: place, End: place},
		})
	}
	return diagnose(nil, ds)
}
