package catalog

// createdType makes a type. What was of the type went with it and is lost, or
// comes, by its own account.
func (w *way) createdType(o Object) (sql, done []string) {
	switch o.Kind {
	case Enum:
		return []string{"CREATE TYPE " + o.Name + " AS ENUM (" + o.get("labels") + ")"}, []string{"labels"}
	case Composite:
		return []string{"CREATE TYPE " + o.Name + " AS (" + o.get("attributes") + ")"}, []string{"attributes"}
	case Range:
		return []string{"CREATE TYPE " + o.Name + " AS RANGE (" + o.get("definition") + ")"}, []string{"definition"}
	case DomainConstraint:
		if !w.put[key{Domain, o.On}] && o.get("validated") == "" {
			w.lose("constraint %s of domain %s comes back only if no row written since violates it", o.bare(), o.On)
		}
		return []string{"ALTER DOMAIN " + o.On + " ADD CONSTRAINT " + o.bare() + " " + o.get("definition") + word(o, "validated", " NOT VALID")},
			[]string{"definition", "validated"}
	}
	text := "CREATE DOMAIN " + o.Name + " AS " + o.get("type")
	if collation := o.get("collation"); collation != "" {
		text += " COLLATE " + collation
	}
	if value := o.get("default"); value != "" {
		text += " DEFAULT " + value
	}
	return []string{text + word(o, "not null", " NOT NULL")}, []string{"type", "collation", "default", "not null"}
}
