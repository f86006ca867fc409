package sqlscan

// EndsTransaction reports whether the statement begins, ends or nests a
// transaction by itself. Inside of a migration it would take the migration's
// own transaction away.
func (s Statement) EndsTransaction() bool {
	if len(s.Words) == 0 {
		return false
	}
	if s.mysql {
		return s.endsMySQL()
	}
	switch s.Words[0] {
	case "BEGIN", "COMMIT", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "END":
		return true
	case "START":
		return s.Starts("START", "TRANSACTION")
	case "PREPARE":
		return s.Starts("PREPARE", "TRANSACTION")
	default:
		return false
	}
}

// Concurrently reports whether the statement is one of PostgreSQL's
// CONCURRENTLY forms that wait for other transactions to end.
func (s Statement) Concurrently() bool {
	if s.mysql || s.Starts("REFRESH") || !s.Starts("CREATE") && !s.Starts("DROP") && !s.Starts("REINDEX") && !s.Starts("ALTER") {
		return false
	}
	return s.has("CONCURRENTLY")
}

// OutsideTransaction reports whether the database refuses the statement
// inside of a transaction block. Source: "cannot be executed inside a
// transaction block" in PostgreSQL's SQL command pages, and SQLite's VACUUM;
// for MySQL see commitsMySQL.
func (s Statement) OutsideTransaction() bool {
	if len(s.Words) == 0 {
		return false
	}
	if s.mysql {
		return s.commitsMySQL()
	}
	if s.sqlite {
		return s.Words[0] == "VACUUM" || s.Starts("DETACH") || s.Starts("ATTACH") || s.sqliteOutsidePragma()
	}
	switch s.Words[0] {
	case "VACUUM":
		return true
	case "CLUSTER": // all tables; one table can be in a transaction
		return len(s.Tokens()) == 1 || len(s.Tokens()) == 2 && s.has("VERBOSE")
	case "DISCARD":
		return s.Starts("DISCARD", "ALL")
	case "CREATE", "DROP", "REINDEX":
		return s.databaseWide() || s.Concurrently()
	case "ALTER":
		return s.Starts("ALTER", "SYSTEM") || s.Starts("ALTER", "DATABASE") && s.has("TABLESPACE") ||
			s.Starts("ALTER", "TABLE") && s.Concurrently()
	default:
		return false
	}
}

func (s Statement) databaseWide() bool {
	if len(s.Words) < 2 {
		return false
	}
	switch s.Words[1] {
	case "DATABASE", "TABLESPACE", "SUBSCRIPTION", "SYSTEM":
		return true
	default:
		return s.Words[0] == "REINDEX" && s.Words[1] == "SCHEMA"
	}
}

// sqliteOutsidePragma: these pragmas do nothing, or fail, in a transaction.
func (s Statement) sqliteOutsidePragma() bool {
	if !s.Starts("PRAGMA") || len(s.Words) < 2 {
		return false
	}
	switch s.Words[1] {
	case "JOURNAL_MODE", "FOREIGN_KEYS", "SYNCHRONOUS", "AUTO_VACUUM":
		return true
	default:
		return false
	}
}

func (s Statement) has(word string) bool {
	for t := range s.EachToken() {
		if t.Is(word) {
			return true
		}
	}
	return false
}
