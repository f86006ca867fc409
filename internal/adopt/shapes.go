package adopt

import (
	"regexp"
	"slices"
	"strings"
)

// shape is a tool's table: the columns it must have, and types where the
// names alone do not tell tools apart.
type shape struct {
	tool    Tool
	columns []string
	// exact: further columns make it another table.
	exact bool
	types map[string]*regexp.Regexp
	// refuse says what to do instead of an import; empty when it can be done.
	refuse string
}

// byHand is the way of every tool whose files cannot be read.
const byHand = "README, Coming from another tool"

// baselineByHand tells how a schema is taken over whose history is not.
const baselineByHand = "its history cannot be taken over: write the schema as it is into one file 0001_baseline.up.sql (pg_dump --schema-only), mark it as applied with golang-migrate's tool (migrate force 1), and import again (" + byHand + ")"

func shapes() []shape {
	text := regexp.MustCompile(`^(character varying|varchar|text)`)
	integer := regexp.MustCompile(`^(bigint|int8|integer|int|uint64|bigint unsigned)( ?\(\d+\))?$`)
	boolean := regexp.MustCompile(`^(bool|boolean|tinyint ?\(1\))$`)
	refused := func(tool Tool, columns ...string) shape {
		return shape{tool: tool, columns: columns, exact: true, refuse: baselineByHand}
	}
	return []shape{
		{tool: GolangMigrate, columns: []string{"version", "dirty"}, exact: true, types: map[string]*regexp.Regexp{"version": integer, "dirty": boolean}},
		{tool: Goose, columns: []string{"id", "version_id", "is_applied", "tstamp"}, exact: true},
		{tool: Dbmate, columns: []string{"version"}, exact: true, types: map[string]*regexp.Regexp{"version": text}},
		{tool: Flyway, columns: []string{
			"installed_rank", "version", "description", "type", "script", "checksum", "installed_by", "installed_on", "execution_time", "success",
		}},
		{tool: Liquibase, columns: []string{"id", "author", "filename", "dateexecuted", "orderexecuted", "exectype", "md5sum"}},
		{tool: Atlas, columns: []string{"version", "description", "type", "applied", "total", "executed_at", "execution_time", "error", "hash", "operator_version"}},
		{
			tool: "Rails", columns: []string{"version"}, exact: true, types: map[string]*regexp.Regexp{"version": text},
			refuse: railsFix,
		},
		refused("Ecto", "version", "inserted_at"),
		refused("sqlx", "version", "description", "installed_on", "success", "checksum", "execution_time"),
		refused("Alembic", "version_num"),
		refused("Django", "id", "app", "name", "applied"),
		refused("Prisma", "id", "checksum", "finished_at", "migration_name", "logs", "rolled_back_at", "started_at", "applied_steps_count"),
		refused("Entity Framework", "migrationid", "productversion"),
		refused("node-pg-migrate", "id", "name", "run_on"),
		refused("Knex", "id", "name", "batch", "migration_time"),
		refused("Refinery", "version", "name", "applied_on", "checksum"),
		refused("Diesel", "version", "run_on"),
		{tool: "sqitch", columns: []string{"change_id", "script_hash", "change", "project", "planner_name"}, refuse: baselineByHand},
	}
}

const railsFix = "its migrations are Ruby and cannot be taken over: write the schema as it is into one file 0001_baseline.up.sql (rails db:schema:dump as SQL, or pg_dump --schema-only), set table in the database block to another name such as \"lockstep_schema_migrations\" because Rails owns this one, mark the file as applied (migrate -database 'URL&x-migrations-table=lockstep_schema_migrations' force 1), and import again"

// toolsNames are the names under which a table of unknown shape is refused.
func toolsNames() []string {
	return []string{"schema_migrations", "goose_db_version", "flyway_schema_history", "databasechangelog", "atlas_schema_revisions", "schema_version"}
}

func isToolsName(name string) bool { return slices.Contains(toolsNames(), strings.ToLower(name)) }

// Marks are sets of columns: a table that has all of one set is worth reading
// whatever its name. Names are lower case.
func Marks() [][]string {
	var sets [][]string
	for _, s := range shapes() {
		if len(s.columns) > 1 {
			sets = append(sets, s.columns)
		}
	}
	return sets
}

// Names are the tables that are worth reading by their name alone.
func Names() []string {
	return append(toolsNames(), "ar_internal_metadata", "alembic_version")
}

// Schemas are those beside the current one in which tools keep their tables.
func Schemas() []string { return []string{"atlas_schema_revisions", "sqitch"} }

// shapeOf finds the tool that makes tables with these columns. dbmate and
// Rails make the same one; Rails keeps another beside it.
func shapeOf(t Table, rails bool) (shape, bool) {
	if tern, ok := ternShape(t); ok {
		return tern, true
	}
	for _, s := range shapes() {
		if s.fits(t) && (s.tool != Dbmate || !rails) && nameFits(s, t.Name) {
			return s, true
		}
	}
	return shape{}, false
}

// nameFits keeps tables of one column apart: that alone is no mark.
func nameFits(s shape, name string) bool {
	switch {
	case len(s.columns) > 1:
		return true
	case s.tool == "Alembic":
		return strings.EqualFold(name, "alembic_version")
	default:
		return strings.Contains(strings.ToLower(name), "migration")
	}
}

// ternShape: tern's table has one integer column and any name; its default is
// public.schema_version.
func ternShape(t Table) (shape, bool) {
	kind, ok := t.columnType("version")
	if !ok || len(t.Columns) != 1 || !strings.HasSuffix(strings.ToLower(t.Name), "schema_version") || !strings.HasPrefix(kind, "int") {
		return shape{}, false
	}
	return shape{tool: "tern", refuse: ternFix}, true
}

const ternFix = "its table keeps one number and no files are converted: copy its files to the migrations folder as NNN_name.up.sql and NNN_name.down.sql (the part below \"---- create above / drop below ----\"), set the number with golang-migrate's tool (migrate force NUMBER), drop tern's table, and import again"

func (s shape) fits(t Table) bool {
	if !t.has(s.columns) || s.exact && len(t.Columns) != len(s.columns) {
		return false
	}
	for column, pattern := range s.types {
		if kind, _ := t.columnType(column); !pattern.MatchString(kind) {
			return false
		}
	}
	return true
}

// Marked reports whether a table has all columns of one of Marks.
func Marked(t Table) bool {
	return slices.ContainsFunc(Marks(), t.has)
}
