package sqlscan

// SetsSession reports whether the statement does nothing but prepare its
// connection for the statements behind it, so that a new connection needs it
// again.
func (s Statement) SetsSession() bool {
	switch {
	case s.sqlite || len(s.Words) == 0:
		return false
	case s.mysql:
		return s.setsMySQL()
	default:
		return s.Starts("SET") && !s.setsTransaction() || s.Starts("RESET") && !s.ForgetsSession() || s.setsByFunction()
	}
}

// setsTransaction: these end with their transaction.
func (s Statement) setsTransaction() bool {
	return s.Starts("SET", "LOCAL") || s.Starts("SET", "CONSTRAINTS") || s.Starts("SET", "TRANSACTION")
}

// setsByFunction knows SELECT set_config(name, value, false), which pg_dump
// writes.
func (s Statement) setsByFunction() bool {
	if !s.Starts("SELECT") {
		return false
	}
	tokens := s.Tokens()[1:]
	if len(tokens) > 2 && tokens[0].Name() == "pg_catalog" && tokens[1].Symbol(".") {
		tokens = tokens[2:]
	}
	return len(tokens) == 8 && tokens[0].Name() == "set_config" && tokens[1].Symbol("(") && tokens[2].Kind == String &&
		tokens[3].Symbol(",") && tokens[4].Kind == String && tokens[5].Symbol(",") && tokens[6].Is("false") && tokens[7].Symbol(")")
}

// ForgetsSession reports whether the statement takes back whatever was set for
// the session before it.
func (s Statement) ForgetsSession() bool {
	return !s.mysql && (s.Starts("RESET", "ALL") || s.Starts("DISCARD", "ALL"))
}

// LimitsLocks reports whether a statement for PostgreSQL does nothing but say
// how long its session or transaction waits for locks.
func (s Statement) LimitsLocks() bool {
	if s.mysql || s.sqlite || !s.Starts("SET") && !s.Starts("RESET") {
		return false
	}
	tokens := s.Tokens()[1:]
	if len(tokens) > 0 && (tokens[0].Is("LOCAL") || tokens[0].Is("SESSION")) {
		tokens = tokens[1:]
	}
	return len(tokens) > 0 && tokens[0].Name() == "lock_timeout"
}
