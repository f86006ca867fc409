package plans

import "strings"

// MigrationFile is one version of a migrations folder as it was read: the
// planner decides from these values and the bundle stores their bytes.
type MigrationFile struct {
	Version uint64
	Name    string // without version, direction and extension
	Up      SQLFile
	Down    SQLFile
}

// SQLFile is one direction of a migration. Path is empty when the file is
// missing; Bytes are exactly what the file holds.
type SQLFile struct {
	Path   string // slash-separated, relative to the project
	Bytes  []byte
	Digest Digest
}

// ID is the file's name as people and addresses use it: "0007_add_status".
func (f MigrationFile) ID() string {
	return FileID(f.Up.Path, f.Down.Path)
}

// FileID returns the base name of the first non-empty path up to its
// direction: "db/0007_add_status.up.sql" gives "0007_add_status".
func FileID(paths ...string) string {
	for _, p := range paths {
		if p == "" {
			continue
		}
		base := p[strings.LastIndexByte(p, '/')+1:]
		base = strings.TrimSuffix(base, ".sql")
		base = strings.TrimSuffix(base, ".up")
		return strings.TrimSuffix(base, ".down")
	}
	return ""
}
