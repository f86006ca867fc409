package planner

import (
	"bytes"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/sqlcheck"
	"github.com/lockstep-dev/lockstep/plans"
)

// edited says how a file differs from what was applied, as far as two digests
// tell: a difference in line endings or white space is one nonetheless, as
// nobody else can see that it is harmless.
func (d *draft) edited(s *schema, f plans.MigrationFile, a plans.AppliedMigration) mistake {
	m := mistake{
		"applied-file-edited", fmt.Sprintf("%s was edited after it was applied to %s in %s", f.ID(), s.database.Address, d.in.Environment.Name),
		fmt.Sprintf("The database has %s, applied %s; the file is %s now.", a.Up.Short(), when(a), f.Up.Digest.Short()),
		"Take the edit back, and write what you want to change into a new migration file.",
	}
	switch {
	case otherLineEndings(f.Up.Bytes, a.Up):
		m.detail += " Only the line endings differ: the SQL is the same."
		m.fix = `Take the edit back. If nobody made it, Git did when it checked the file out: put "*.sql text eol=lf" into .gitattributes, or eol=crlf if that is how it was applied.`
	case sameCanonical(f, a, s.database.Driver):
		m.detail += " Only comments or white space differ: the SQL is the same."
		m.fix = "Take the edit back (git log -p " + f.Up.Path + ")."
	}
	m.fix += fmt.Sprintf(" If it is meant: lockstep repair %s --env %s --accept %s --reason TEXT", s.database.Name, d.in.Environment.Name, f.Up.Path)
	return m
}

// otherLineEndings reports whether the file had the digest with other line
// endings, or without the newline at its end.
func otherLineEndings(file []byte, applied plans.Digest) bool {
	lf := bytes.ReplaceAll(file, []byte("\r\n"), []byte("\n"))
	cut := bytes.TrimRight(lf, "\n")
	for _, text := range [][]byte{lf, cut, append(bytes.Clone(cut), '\n')} {
		if plans.DigestOf(text) == applied || plans.DigestOf(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))) == applied {
			return true
		}
	}
	return false
}

func sameCanonical(f plans.MigrationFile, a plans.AppliedMigration, dialect string) bool {
	return a.Canonical != "" && sqlcheck.Canonical(f.Up.Bytes, dialect) == a.Canonical
}
