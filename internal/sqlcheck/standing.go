package sqlcheck

import (
	"github.com/lockstep-dev/lockstep/internal/pgschema"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// Standing is who uses a relation at the moment that it is asked for.
type Standing int

// Standings. A name tells nothing of what was there under it before, or will
// be: ask right before the file that is judged.
const (
	// StandsNowhere: nothing is known by that name yet.
	StandsNowhere Standing = iota
	// StandsApart: files of the change set made it, and no released code knows
	// anything by that name.
	StandsApart
	// StandsInUse: released code knows it, or something that had the name.
	StandsInUse
)

// Standing tells of a relation, spelled as in Statement.Locks, what it is to
// released code after the files judged so far.
func (p *Postgres) Standing(relation string) Standing {
	n := pgschema.NameOfParts(sqlscan.Names(relation))
	switch {
	case p.released.Has(n):
		return StandsInUse
	case p.linter.Made(relation):
		return StandsApart
	case p.linter.Schema().Has(n):
		return StandsInUse
	}
	return StandsNowhere
}
