package doctor

import "fmt"

// SQLite is what was seen of an SQLite file.
type SQLite struct {
	File     string
	There    bool
	Size     int64
	Version  string
	Writable error
	// Check is what PRAGMA quick_check says; "ok" is well.
	Check string
	State string
	Dirty bool
	Free  int64 // below 0 when it cannot be told
}

// JudgeSQLite turns facts into signs.
func JudgeSQLite(f SQLite) []Sign {
	return []Sign{sqliteFile(f), sqliteSchema(f), sqliteDisk(f)}
}

func sqliteFile(f SQLite) Sign {
	seen := fmt.Sprintf("%s, %s, SQLite %s", f.File, Bytes(f.Size), f.Version)
	switch {
	case !f.There:
		return well("file", f.File+" is not there yet; the first migration makes it")
	case f.Writable != nil:
		return Sign{"file", Problem, fmt.Sprintf("%s cannot be written: %v", f.File, f.Writable), "nothing can be migrated", "give it to the user who runs lockstep"}
	case f.Check != "" && f.Check != "ok":
		return Sign{"file", Problem, seen + "; quick_check says: " + f.Check, "the file is damaged", "bring it back from a backup, or try sqlite3 " + f.File + " .recover"}
	default:
		return well("file", seen+", whole")
	}
}

func sqliteSchema(f SQLite) Sign {
	if f.Dirty {
		return Sign{"schema", Problem, f.State + ", dirty", "another tool failed half-way; what it left is not recorded", "lockstep repair shows what is there"}
	}
	return well("schema", f.State)
}

func sqliteDisk(f SQLite) Sign {
	switch {
	case f.Free < 0:
		return well("disk", "free space cannot be told on this system")
	case f.Free < max(f.Size, lowDisk):
		return Sign{"disk", Note, Bytes(f.Free) + " free, the file has " + Bytes(f.Size), "a migration that rebuilds a table needs its size again", "make room"}
	default:
		return well("disk", Bytes(f.Free)+" free")
	}
}
