package database

// Holds reports whether the books have a change: after a lost COMMIT, whether
// it took place. The transaction's id would not do: after a crash the server
// gives an id that left no trace to somebody else.
func (s State) Holds(c Change) bool {
	if c.Statement != nil {
		for _, r := range s.statements(c.Statement.Version, c.Statement.Direction) {
			if r.Ordinal == c.Statement.Ordinal && r.SQL == c.Statement.SQL {
				return r.Finished
			}
		}
		return false
	}
	r, there := s.receipt(c.Receipt.Version)
	if c.Direction == Down {
		return !there
	}
	return there && r.Up == c.Receipt.Up && r.Run == c.Receipt.Run && r.Step == c.Receipt.Step
}
