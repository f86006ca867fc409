package migrationfile

import (
	"path"

	"github.com/lockstep-dev/lockstep/plans"
)

// Pair makes the two files of a migration in a folder, which is slash-separated.
func Pair(folder, version, name string, up, down []byte) plans.MigrationFile {
	id := path.Join(folder, version+"_"+name)
	return plans.MigrationFile{Version: number(version), Name: name, Up: file(id+".up.sql", up), Down: file(id+".down.sql", down)}
}

func file(path string, text []byte) plans.SQLFile {
	return plans.SQLFile{Path: path, Bytes: text, Digest: plans.DigestOf(text)}
}

// number reads a version that Next has made.
func number(version string) (n uint64) {
	for _, digit := range version {
		n = n*10 + uint64(digit-'0')
	}
	return n
}

// BlankUp is an up file to be filled in.
const BlankUp = `-- What old code survives goes here (a new table, a nullable column); what takes something away goes into a migration of its own.
-- It runs in one transaction; one CREATE INDEX CONCURRENTLY stands alone in a file.
`

// BlankDown is a down file to be filled in.
const BlankDown = `-- What takes the up file back, last statement first. On PostgreSQL "lockstep new down" can write it once the up file is written.
-- No way back? Delete this file and put "-- lockstep:irreversible REASON" on top of the up file.
`
