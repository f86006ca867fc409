package queries

import (
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// query returns what is tried of a statement: what can be prepared of it, or
// what stands in for it. ok is false for all others.
func query(text string) (inner string, ok bool) {
	statements, err := sqlscan.Split([]byte(text))
	if err == nil && len(statements) == 1 {
		if tokens := statements[0].Tokens(); len(tokens) > 0 {
			if other, ok := standIn(statements[0].Text, tokens); ok {
				return other, true
			}
		}
	}
	return prepared(text)
}

// prepared returns the part of a statement that can be prepared: all of it, or
// what stands in PREPARE name AS ... and DECLARE name CURSOR FOR ... ok is
// false for utility statements and for text that is not one statement.
//
// pg_stat_statements keeps the text of the PREPARE for what EXECUTE runs.
func prepared(text string) (inner string, ok bool) {
	statements, err := sqlscan.Split([]byte(text))
	if err != nil || len(statements) != 1 {
		return "", false
	}
	tokens := statements[0].Tokens()
	inner = statements[0].Text
	switch {
	case len(tokens) == 0:
		return "", false
	case tokens[0].Is("PREPARE"):
		inner, tokens = behind(inner, tokens, "AS")
	case tokens[0].Is("DECLARE"):
		inner, tokens = behind(inner, tokens, "FOR")
	}
	for len(tokens) > 0 && tokens[0].Symbol("(") {
		tokens = tokens[1:]
	}
	if len(tokens) == 0 {
		return "", false
	}
	begins := []string{"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE"}
	return inner, slices.ContainsFunc(begins, tokens[0].Is)
}

// behind returns what stands behind the first such word.
func behind(text string, tokens []sqlscan.Token, word string) (string, []sqlscan.Token) {
	i := slices.IndexFunc(tokens, func(t sqlscan.Token) bool { return t.Is(word) })
	if i < 0 || i+1 == len(tokens) {
		return "", nil
	}
	return text[tokens[i+1].Offset:], tokens[i+1:]
}

// bookkeeping reports whether a statement reads or writes the books of a
// migration tool, or the server's own catalog, or is what the server sends to
// itself for a foreign key: no migration of the application breaks it.
func bookkeeping(text string) bool {
	statements, err := sqlscan.Split([]byte(text))
	if err != nil || len(statements) == 0 {
		return false
	}
	tokens := statements[0].Tokens()
	if foreignKeyCheck(tokens) {
		return true
	}
	for i := 1; i < len(tokens); i++ {
		relation := tokens[i-1].Is("FROM") || tokens[i-1].Is("JOIN") || tokens[i-1].Is("INTO") || tokens[i-1].Is("UPDATE")
		if relation && ownedByTools(tokens[i:]) {
			return true
		}
	}
	return false
}

// foreignKeyCheck knows the statements of ri_triggers.c, which appear when
// pg_stat_statements.track is "all".
func foreignKeyCheck(tokens []sqlscan.Token) bool {
	only := slices.ContainsFunc(tokens, func(t sqlscan.Token) bool { return t.Is("ONLY") })
	operator := slices.IndexFunc(tokens, func(t sqlscan.Token) bool { return t.Is("OPERATOR") })
	return only && operator >= 0 && operator+2 < len(tokens) && tokens[operator+2].Is("pg_catalog")
}

func ownedByTools(tokens []sqlscan.Token) bool {
	name := tokens[0].Name()
	qualified := len(tokens) > 2 && tokens[1].Symbol(".")
	if qualified && slices.Contains([]string{"lockstep", "pg_catalog", "information_schema"}, name) {
		return true
	}
	if qualified {
		name = tokens[2].Name()
	}
	if strings.HasPrefix(name, "pg_") {
		return len(tokens) < 2 || !tokens[1].Symbol("(") // FROM pg_sleep(1) is the application's
	}
	return slices.Contains(books(), name)
}

// books are the tables in which migration tools keep what has run, by their
// defaults: golang-migrate, Rails, goose, dbmate, Flyway, Liquibase, Atlas,
// Alembic, Django, Prisma, Knex, TypeORM, Diesel, sqlx, EF Core.
func books() []string {
	return []string{
		"schema_migrations", "ar_internal_metadata", "goose_db_version",
		"flyway_schema_history", "databasechangelog", "databasechangeloglock", "atlas_schema_revisions",
		"alembic_version", "django_migrations", "_prisma_migrations", "knex_migrations", "knex_migrations_lock",
		"typeorm_metadata", "__diesel_schema_migrations", "_sqlx_migrations", "__efmigrationshistory",
	}
}
