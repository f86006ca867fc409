package aside

import (
	"slices"
	"strings"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// extensions may be made for anyone: their functions reach neither files nor
// programs nor other servers, and they bring no language that does. Some need a
// superuser in all versions, the others before 13, which knows no trusted ones.
// Source: PostgreSQL's manual, "Additional Supplied Modules"; the control files
// of the others.
func extensions() []string {
	return strings.Fields(`
		address_standardizer amcheck bloom btree_gin btree_gist citext cube dict_int dict_xsyn earthdistance fuzzystrmatch
		hll hstore hypopg intarray isn lo ltree pg_buffercache pg_freespacemap pg_stat_statements pg_trgm pg_visibility
		pgcrypto pgrowlocks pgstattuple plpgsql postgis postgis_topology seg tablefunc tcn tsm_system_rows tsm_system_time
		unaccent uuid-ossp vector`)
}

// created reads CREATE EXTENSION.
type created struct {
	name, schema, version string
	missing, cascade      bool // IF NOT EXISTS, CASCADE
}

func readExtension(s sqlscan.Statement) (c created, ok bool) {
	tokens := s.Tokens()
	if !s.Starts("CREATE", "EXTENSION") || len(tokens) < 3 {
		return c, false
	}
	tokens = tokens[2:]
	if len(tokens) > 3 && tokens[0].Is("IF") && tokens[1].Is("NOT") && tokens[2].Is("EXISTS") {
		c.missing, tokens = true, tokens[3:]
	}
	c.name = tokens[0].Name()
	for i := 1; i < len(tokens); i++ {
		value := func() string {
			if i++; i >= len(tokens) {
				return ""
			}
			if name := tokens[i].Name(); name != "" {
				return name
			}
			return strings.Trim(tokens[i].Text, "'")
		}
		switch t := tokens[i]; {
		case t.Is("WITH"):
		case t.Is("CASCADE"):
			c.cascade = true
		case t.Is("SCHEMA"):
			c.schema = value()
		case t.Is("VERSION"):
			c.version = value()
		default:
			return c, false
		}
	}
	return c, c.name != ""
}

// Made is the extension that a statement makes and that a superuser makes for
// it; "" for any other statement.
func Made(s sqlscan.Statement) string {
	if c, ok := readExtension(s); ok && slices.Contains(extensions(), c.name) {
		return c.name
	}
	return ""
}

// Spoken is what is said instead of a statement where the functions are: the
// same, as far as it is for the side; everything else as it is.
func Spoken(s sqlscan.Statement) string {
	if c, ok := readExtension(s); ok && slices.Contains(extensions(), c.name) {
		return "SELECT " + Schema + ".extension(" + pq.QuoteLiteral(c.name) + ", " + truth(c.missing) + ", " + orNull(c.schema) + ", " +
			orNull(c.version) + ", pg_catalog.current_schema()::pg_catalog.text, " + truth(c.cascade) + ")"
	}
	for _, kind := range []string{"ROLE", "USER", "GROUP"} {
		const name = 2
		if tokens := s.Tokens(); s.Starts("CREATE", kind) && !s.Starts("CREATE", kind, "MAPPING") && len(tokens) > name && tokens[name].Name() != "" {
			return s.Text + ";\nSELECT " + Schema + ".adopt(" + pq.QuoteLiteral(tokens[name].Name()) + ")"
		}
	}
	return s.Text
}

func truth(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func orNull(text string) string {
	if text == "" {
		return "NULL"
	}
	return pq.QuoteLiteral(text)
}
