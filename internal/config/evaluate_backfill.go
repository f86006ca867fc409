package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/lockstep-dev/lockstep/internal/diag"
	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

// checkBackfill says what is wrong with a backfill's values. What has been
// reported already, or is not known yet, is null here.
func (r *resolution) checkBackfill(b *block, values map[string]cty.Value) {
	for name, pattern := range map[string]*regexp.Regexp{"table": tableName(), "key": columnName()} {
		if given := textOf(values[name]); !values[name].IsNull() && !pattern.MatchString(given) {
			r.refuseArgument(b, name, mistake{
				"invalid-sql-name", fmt.Sprintf("Invalid name in %q", name),
				fmt.Sprintf("%q is not the name of a %s.", cut(given), map[string]string{"table": "table", "key": "column"}[name]),
				map[string]string{
					"table": `Write the name as SQL has it, such as orders, shop.orders or "Order".`,
					"key":   `Write one name as SQL has it, such as id or "Id"; of a key of several columns a column that is unique by itself, or else the first.`,
				}[name],
			})
		}
	}
	for _, name := range []string{"batch_duration", "timeout"} {
		if given := textOf(values[name]); given != "" && b.args[name] != nil {
			if d, err := time.ParseDuration(given); err == nil && d == 0 {
				r.refuseArgument(b, name, mistake{"invalid-value", fmt.Sprintf("Invalid value of %q", name), "A duration above zero is required.", ""})
			}
		}
	}
	driver := r.driverOf(b)
	if driver != "" && driver != "postgres" && driver != "sqlite" {
		r.refuseArgument(b, "database", mistake{
			"backfill-driver", "Backfills are carried out on PostgreSQL and SQLite alone",
			fmt.Sprintf("The database's driver is %q, which does not work in batches.", driver),
			"Write the update as a migration of its own, or run it outside of Lockstep.",
		})
	}
	dialect := dialectOf(driver)
	if update := values["update"]; !update.IsNull() {
		r.checkUpdate(b, textOf(update), dialect)
		r.checkKeyStays(b, textOf(values["key"]), textOf(update), dialect)
	}
	if remaining := values["remaining"]; !remaining.IsNull() {
		r.checkRemaining(b, textOf(remaining), dialect)
	}
}

// A name of SQL, plain or quoted.
const sqlName = `(?:[A-Za-z_\x80-\x{10FFFF}][A-Za-z0-9_$\x80-\x{10FFFF}]{0,127}|"(?:[^"\x00]|""){1,128}")`

// They are compiled when they are needed: that takes a millisecond.
var (
	columnName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^` + sqlName + `$`) })
	tableName  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^` + sqlName + `(?:\.` + sqlName + `)?$`) })
)

// splitter cuts SQL text by the rules of one kind of database.
type splitter func([]byte) ([]sqlscan.Statement, error)

func dialectOf(driver string) splitter {
	switch driver {
	case "sqlite":
		return sqlscan.SplitSQLite
	case "mysql":
		return sqlscan.SplitMySQL
	default:
		return sqlscan.Split
	}
}

// driverOf is the driver of the block's database; empty when it is not known.
func (r *resolution) driverOf(b *block) string {
	for _, address := range addressesIn(b.args["database"]) {
		if database, ok := r.databases[strings.TrimPrefix(address, "database.")]; ok {
			return textOf(database.GetAttr("driver"))
		}
	}
	return ""
}

func (r *resolution) refuseArgument(b *block, name string, m mistake) {
	place := b.place
	if given := b.args[name]; given != nil {
		place = given.expr.Range()
	}
	r.ds = append(r.ds, m.at(place))
}

// oneStatement refuses text that is not exactly one statement that leaves its
// transaction alone.
func (r *resolution) oneStatement(b *block, name, sql string, split splitter) (sqlscan.Statement, bool) {
	statements, err := split([]byte(sql))
	m := mistake{"invalid-sql", fmt.Sprintf("Invalid SQL in %q", name), "", ""}
	var unreadable *sqlscan.Error
	switch {
	case errors.As(err, &unreadable):
		m.detail = fmt.Sprintf("Line %d, column %d: %s.", unreadable.Line, unreadable.Column, unreadable.Problem)
		m.fix = unreadable.Fix + "."
	case len(statements) != 1:
		m.detail = fmt.Sprintf("Found %d statements, expected one.", len(statements))
		m.fix = "Write one statement; other statements belong to a migration or to a backfill of their own."
	case statements[0].EndsTransaction():
		m.detail = fmt.Sprintf("%s would end the transaction that Lockstep puts around it.", statements[0].Words[0])
		m.fix = "Remove it: each batch is a transaction with its place in the table."
	default:
		return statements[0], true
	}
	r.refuseArgument(b, name, m)
	return sqlscan.Statement{}, false
}

func (r *resolution) checkUpdate(b *block, sql string, split splitter) {
	statement, ok := r.oneStatement(b, "update", sql, split)
	if !ok {
		return
	}
	for _, m := range updateMistakes(statement) {
		r.refuseArgument(b, "update", m)
	}
}

// updateMistakes lists why a statement cannot be run batch by batch.
func updateMistakes(statement sqlscan.Statement) []mistake {
	var found []mistake
	if !changesRows(statement) {
		first := "something else"
		if len(statement.Words) > 0 {
			first = statement.Words[0]
		}
		found = append(found, mistake{
			"not-an-update", "The update changes no rows",
			fmt.Sprintf("Found %s, expected UPDATE, INSERT, DELETE or MERGE.", first),
			"What changes the schema belongs to a migration.",
		})
	}
	var missing []string
	named := map[string]bool{}
	for _, p := range statement.Parameters() {
		named[p.Name] = true
		if p.Name != "from" && p.Name != "to" {
			found = append(found, mistake{
				"unknown-parameter", fmt.Sprintf("Unknown parameter :%s in the update", cut(p.Name)),
				"A batch has :from and :to, its first and its last key.", "Write the value itself, or use one of these.",
			})
		}
	}
	for _, name := range []string{"from", "to"} {
		if !named[name] {
			missing = append(missing, ":"+name)
		}
	}
	if len(missing) > 0 {
		found = append(found, mistake{
			"update-without-range", "The update does not keep to a batch",
			fmt.Sprintf("%s is missing, so that every batch would change the rows of others too.", strings.Join(missing, " and ")),
			"Add a condition on the key: KEY BETWEEN :from AND :to (both are included).",
		})
	}
	if numbered := statement.Numbered(); numbered != "" {
		found = append(found, mistake{
			"unknown-parameter", fmt.Sprintf("Parameter %s in the update", numbered),
			"Lockstep numbers the parameters itself.", "Use :from and :to.",
		})
	}
	return found
}

func changesRows(statement sqlscan.Statement) bool {
	verbs := []string{"UPDATE", "INSERT", "DELETE", "MERGE", "REPLACE"}
	if len(statement.Words) == 0 || statement.Words[0] != "WITH" {
		return len(statement.Words) > 0 && slices.Contains(verbs, statement.Words[0])
	}
	return slices.ContainsFunc(statement.Tokens(), func(t sqlscan.Token) bool {
		return slices.ContainsFunc(verbs, t.Is)
	})
}

func (r *resolution) checkRemaining(b *block, sql string, split splitter) {
	statement, ok := r.oneStatement(b, "remaining", sql, split)
	switch {
	case !ok:
	case len(statement.Words) == 0 || statement.Words[0] != "SELECT" && statement.Words[0] != "WITH":
		r.refuseArgument(b, "remaining", mistake{
			"not-a-query", "What remains is not a query", "Expected SELECT with one number: the rows that are left.",
			"Write for example SELECT count(*) FROM orders WHERE status_id IS NULL.",
		})
	case len(statement.Parameters()) > 0 || statement.Numbered() != "":
		r.refuseArgument(b, "remaining", mistake{
			"unknown-parameter", "A parameter in what remains", "It is counted once over the whole table, not batch by batch.", "Write the value itself.",
		})
	}
}

// textPlace is where the text of an argument begins: behind the quote, or on
// the line below a heredoc's marker.
func textPlace(arg *argument) diag.Range {
	if template, ok := arg.raw.(*hclsyntax.TemplateExpr); ok && len(template.Parts) > 0 {
		return diag.FromHCLRange(template.Parts[0].Range())
	}
	return diag.FromHCLRange(arg.raw.Range())
}
