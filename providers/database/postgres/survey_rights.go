package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// lacking is a right that the server denies, with what is needed to say so.
type lacking struct {
	need  plans.Need
	role  string
	owner string // of the object; of its schema where that is what is denied
	// high is true when the owner is a superuser, whose membership nobody gives
	// away.
	high   bool
	schema string // where the object is
	class  string // "TABLE", "VIEW", "INDEX OF public.orders"
	denied plans.Right
}

// rights asks which of the rights that the plan needs the role lacks. What is
// not there cannot lack anything: the plan makes it, or fails for another
// reason.
func (s *surveying) rights(needs []plans.Need) func(context.Context) error {
	return func(ctx context.Context) error {
		if len(needs) == 0 {
			return nil
		}
		var all []lacking
		for _, query := range []string{relationRights, schemaRights, typeRights, functionRights, databaseRights, extensionRights, roleRights, historyRights} {
			found, err := s.lacking(ctx, query, needs)
			if err != nil {
				return err
			}
			all = append(all, found...)
		}
		slices.SortStableFunc(all, func(a, b lacking) int { return strings.Compare(a.need.File, b.need.File) })
		for _, l := range all {
			lack := l.words()
			if !slices.ContainsFunc(s.out.Lacks, func(have plans.Lack) bool { return have.Summary == lack.Summary }) {
				s.out.Lacks = append(s.out.Lacks, lack)
			}
		}
		return nil
	}
}

func (s *surveying) lacking(ctx context.Context, query string, needs []plans.Need) (all []lacking, err error) {
	var rights, kinds, schemas, names []string
	var arguments []int64
	for _, n := range needs {
		rights, kinds = append(rights, string(n.Right)), append(kinds, n.Kind)
		schemas, names, arguments = append(schemas, n.Schema), append(names, n.Name), append(arguments, int64(n.Arguments))
	}
	args := []any{pq.Array(rights), pq.Array(kinds), pq.Array(schemas), pq.Array(names), pq.Array(arguments)}
	err = s.each(ctx, needed+query, args, func(rows *sql.Rows) error {
		l, of := lacking{role: s.role}, 0
		err := rows.Scan(&of, &l.owner, &l.high, &l.schema, &l.class, &l.denied)
		l.need = needs[of]
		all = append(all, l)
		return err
	})
	return all, err
}

// words says who lacks what, who can mend it, and how.
func (l lacking) words() plans.Lack {
	as, object := sqlscan.Identifier(l.role), l.object()
	lack := plans.Lack{File: l.need.File, Line: l.need.Line, Who: l.giver()}
	grant := func(what string) {
		lack.Summary = fmt.Sprintf("%s has no right %s", as, what)
		lack.Type = fmt.Sprintf("GRANT %s TO %s;", what, as)
	}
	switch l.denied {
	case "use":
		grant("USAGE ON SCHEMA " + sqlscan.Identifier(l.schema))
	case plans.RightCreate, plans.RightBeside:
		l.create(&lack, grant)
	case plans.RightReferences, plans.RightTrigger, plans.RightTruncate, plans.RightInsert, plans.RightUpdate, plans.RightDelete:
		grant(strings.ToUpper(string(l.denied)) + " ON " + object)
	case plans.RightGrant:
		lack.Summary = fmt.Sprintf("%s may not give rights on %s, which belongs to %s", as, object, sqlscan.Identifier(l.owner))
		lack.Type = l.ownership(object)
	case "history":
		lack.Summary = as + " may not write to Lockstep's history in schema lockstep"
		lack.Type = fmt.Sprintf("GRANT ALL ON SCHEMA lockstep TO %[1]s; GRANT ALL ON ALL TABLES IN SCHEMA lockstep TO %[1]s;", as)
	case plans.RightInstall, plans.RightCreateRole, plans.RightSubscribe, plans.RightSuperuser, "available":
		l.server(&lack)
	default: // owner, drop, maintain
		lack.Summary = fmt.Sprintf("%s may not change %s, which belongs to %s", as, object, sqlscan.Identifier(l.owner))
		lack.Type = l.ownership(object)
	}
	return lack
}

// giver can mend it.
func (l lacking) giver() string {
	switch l.denied {
	case plans.RightInstall, plans.RightCreateRole, plans.RightSubscribe, plans.RightSuperuser:
		return "a superuser"
	case "available":
		return "who installs software on the server's machine"
	}
	if l.high || l.owner == "" {
		return "a superuser"
	}
	if l.owner == "pg_database_owner" { // nobody's name: whoever owns the database is its member
		return "the database's owner or a superuser"
	}
	return sqlscan.Identifier(l.owner) + " or a superuser"
}

func (l lacking) create(lack *plans.Lack, grant func(string)) {
	switch {
	case l.need.Kind == plans.KindDatabase || l.need.Kind == plans.KindHistory:
		grant("CREATE ON DATABASE " + sqlscan.Identifier(l.schema))
		if l.need.Kind == plans.KindHistory {
			lack.Summary += ", and Lockstep's history needs a schema of its own"
		}
	case l.schema == "":
		lack.Summary = sqlscan.Identifier(l.role) + " has no schema to create in: its search_path names none that it may use"
		lack.Type = fmt.Sprintf("GRANT USAGE, CREATE ON SCHEMA public TO %s;", sqlscan.Identifier(l.role))
	default:
		grant("CREATE ON SCHEMA " + sqlscan.Identifier(l.schema))
	}
}

// server is about rights on no object.
func (l lacking) server(lack *plans.Lack) {
	as := sqlscan.Identifier(l.role)
	switch l.denied {
	case "available":
		lack.Summary = fmt.Sprintf("extension %s is not on the server's machine", sqlscan.Identifier(l.need.Name))
		lack.Type = "install the package that has it, for the server's version"
	case plans.RightInstall:
		lack.Summary = fmt.Sprintf("%s may not install extension %s", as, sqlscan.Identifier(l.need.Name))
		lack.Type = fmt.Sprintf("CREATE EXTENSION IF NOT EXISTS %s;", sqlscan.Identifier(l.need.Name))
		if l.class == "trusted" {
			lack.Type = fmt.Sprintf("GRANT CREATE ON DATABASE %s TO %s;", sqlscan.Identifier(l.schema), as)
		}
	case plans.RightCreateRole:
		lack.Summary, lack.Type = as+" may not create roles", fmt.Sprintf("ALTER ROLE %s CREATEROLE;", as)
	case plans.RightSubscribe:
		lack.Summary, lack.Type = as+" may not create subscriptions", fmt.Sprintf("GRANT pg_create_subscription TO %s;", as)
		if l.class == "superuser" {
			lack.Type = "run CREATE SUBSCRIPTION outside of Lockstep: before version 16 it is for superusers alone"
		}
	default:
		lack.Summary = as + " is no superuser, and the statement is for superusers alone"
		lack.Type = "run it outside of Lockstep as superuser, and take it out of the file"
	}
}

// object is as GRANT and ALTER spell it.
func (l lacking) object() string {
	name := sqlscan.Identifier(l.need.Name)
	if l.schema != "" && l.need.Kind != plans.KindSchema {
		name = sqlscan.Identifier(l.schema, l.need.Name)
	}
	if l.class == "TABLE" && l.denied != plans.RightOwner && l.denied != plans.RightDrop && l.denied != plans.RightMaintain && l.denied != plans.RightGrant {
		return name
	}
	class := l.class
	if strings.HasPrefix(class, indexOf) {
		class = "INDEX"
	}
	return strings.TrimSpace(class + " " + name)
}

const indexOf = "INDEX OF "

// ownership is how a role comes to own an object.
func (l lacking) ownership(object string) string {
	as := sqlscan.Identifier(l.role)
	give := fmt.Sprintf("ALTER %s OWNER TO %s;", object, as)
	if table, is := strings.CutPrefix(l.class, indexOf); is {
		give = fmt.Sprintf("ALTER TABLE %s OWNER TO %s;", table, as)
	}
	if l.high {
		return give
	}
	return fmt.Sprintf("GRANT %s TO %s; -- or: %s", sqlscan.Identifier(l.owner), as, give)
}
