package server

import (
	"context"
	"fmt"
	"strings"

	"github.com/lib/pq"
)

// belongings say what belongs to whom at the target and who may act for whom,
// as far as a dump of the schema does not tell.
type belongings struct {
	// database and public are the owners of the database and of the schema
	// public; extensions holds those of extensions, by name.
	database, public string
	extensions       [][2]string
	// creates is true when the target's role may make schemas there.
	creates bool
	// members act for roles, as far as the target's role is reached: "role",
	// "member", and the options of the grant.
	members [][3]string
	// selfish are those of these roles that are without INHERIT.
	selfish []string
}

// harmless are the predefined roles whose members are made members on a scratch
// server as well: the others reach files, programs or sessions.
// Source: PostgreSQL's manual, "Predefined Roles".
const harmless = `'pg_read_all_data', 'pg_write_all_data', 'pg_read_all_settings', 'pg_read_all_stats', 'pg_stat_scan_tables', 'pg_monitor', 'pg_maintain'`

// reached are the roles that the target's role may act for, and itself: what others
// may do decides nothing here.
const reached = `
	WITH RECURSIVE mine AS (SELECT oid FROM pg_roles WHERE rolname = current_user
		UNION SELECT a.roleid FROM pg_auth_members a JOIN mine ON mine.oid = a.member) `

const (
	membershipQuery = reached + `
		SELECT DISTINCT r.rolname, m.rolname, CASE WHEN a.admin_option THEN 'ADMIN ' ELSE '' END
			|| CASE to_jsonb(a) ->> 'inherit_option' WHEN 'false' THEN 'SELFISH ' ELSE '' END
		FROM pg_auth_members a JOIN mine ON mine.oid = a.member JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
		WHERE (r.rolname !~ '^pg_' OR r.rolname IN (` + harmless + `)) AND m.rolname !~ '^pg_' ORDER BY 1, 2, 3`
	extensionOwnerQuery = `SELECT extname, pg_get_userbyid(extowner), '' FROM pg_extension ORDER BY 1`
)

func (b *belongings) read(ctx context.Context, q querier) (err error) {
	err = q.QueryRowContext(ctx, `
		SELECT pg_get_userbyid(datdba), coalesce((SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'public'), ''),
			has_database_privilege(datname, 'CREATE') FROM pg_database WHERE datname = current_database()`).Scan(&b.database, &b.public, &b.creates)
	if err != nil {
		return err
	}
	if b.members, err = triples(ctx, q, membershipQuery); err != nil {
		return err
	}
	owners, err := triples(ctx, q, extensionOwnerQuery)
	if err != nil {
		return err
	}
	for _, e := range owners {
		b.extensions = append(b.extensions, [2]string{e[0], e[1]})
	}
	b.selfish, err = column(ctx, q, reached+`SELECT rolname FROM pg_roles JOIN mine USING (oid) WHERE NOT rolinherit AND rolname !~ '^pg_' ORDER BY 1`)
	return err
}

func triples(ctx context.Context, q querier, query string) ([][3]string, error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all [][3]string
	for rows.Next() {
		var one [3]string
		if err := rows.Scan(&one[0], &one[1], &one[2]); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// makeRoles makes the roles that the scratch server lacks, and who may act for
// whom. A server that is not ours alone gets none.
func (done *Copied) makeRoles(ctx context.Context, s *Server, target surroundings) error {
	have, err := column(ctx, s.admin, `SELECT rolname FROM pg_roles`)
	if err != nil {
		return err
	}
	missing := without(target.roles, have)
	if !s.Own() {
		done.Roles = missing
		return nil
	}
	var b strings.Builder
	for _, role := range missing {
		b.WriteString(s.actor.roleText(role, " NOLOGIN"))
	}
	for _, role := range target.belongs.selfish {
		b.WriteString("ALTER ROLE " + pq.QuoteIdentifier(role) + " NOINHERIT;\n")
	}
	b.WriteString(target.belongs.grants(s))
	_, err = s.admin.ExecContext(ctx, b.String())
	return err
}

// grants spell who may act for whom. What a strong actor is part of is left
// out: it may act for all others already, and no two roles for each other.
func (b *belongings) grants(s *Server) string {
	const optional = 16
	var text strings.Builder
	for _, m := range b.members {
		if s.actor.strong && (m[0] == s.actor.role || m[1] == s.actor.role) || m[0] == "pg_maintain" && s.Major() < optional+1 ||
			(m[0] == "pg_read_all_data" || m[0] == "pg_write_all_data") && s.Major() < optional-2 {
			continue
		}
		text.WriteString("GRANT " + pq.QuoteIdentifier(m[0]) + " TO " + pq.QuoteIdentifier(m[1]))
		var options []string
		if strings.Contains(m[2], "ADMIN") {
			options = append(options, "ADMIN OPTION")
		}
		if strings.Contains(m[2], "SELFISH") && s.Major() >= optional {
			options = append(options, "INHERIT FALSE")
		}
		if len(options) > 0 {
			text.WriteString(" WITH " + strings.Join(options, ", "))
		}
		text.WriteString(";\n")
	}
	return text.String()
}

// settle gives a database of our own server to whom it belongs at the target.
func (b *belongings) settle(ctx context.Context, to *Database) error {
	s := to.server
	if !s.Own() || s.actor.strong {
		return nil
	}
	to.owner, to.creates = b.database, b.creates
	if err := to.belong(ctx); err != nil {
		return err
	}
	if b.public == "" || strings.HasPrefix(b.public, "pg_") {
		return nil
	}
	return to.Equip(ctx, "ALTER SCHEMA public OWNER TO "+pq.QuoteIdentifier(b.public))
}

// settleExtensions gives those of the copy to whom they belong.
func (b *belongings) settleExtensions(ctx context.Context, to *Database) error {
	var statements []string
	for _, e := range b.extensions {
		owner := e[1]
		if to.server.actor.strong {
			owner = to.server.actor.role
		}
		statements = append(statements, fmt.Sprintf("UPDATE pg_catalog.pg_extension SET extowner = r.oid FROM pg_catalog.pg_roles r WHERE extname = %s AND r.rolname = %s",
			pq.QuoteLiteral(e[0]), pq.QuoteLiteral(owner)))
	}
	return to.Equip(ctx, statements...)
}
