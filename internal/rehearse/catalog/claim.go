package catalog

// claims are the names that an object takes from others: relations share
// theirs, indexes of constraints and sequences of identity columns included,
// and so do types with the rows of relations, and routines of all kinds.
func claims(o Object) []string {
	switch o.Kind {
	case Table, View, MaterializedView, Composite:
		return []string{"relation " + o.Name, "type " + o.Name}
	case Index, Sequence:
		return []string{"relation " + o.Name}
	case Enum, Range, BaseType, Domain:
		return []string{"type " + o.Name}
	case Function, Procedure, Aggregate:
		return []string{"routine " + o.Name}
	}
	own := []string{string(o.Kind) + " " + o.Name}
	switch {
	case o.Kind == Constraint && o.get("kind") != "check" && o.get("kind") != "foreign key":
		return append(own, "relation "+indexOf(o))
	case o.get("identity sequence") != "":
		return append(own, "relation "+o.get("identity sequence"))
	}
	return own
}
