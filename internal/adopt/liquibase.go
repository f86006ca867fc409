package adopt

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// liquibase converts formatted SQL. Each change set becomes a migration; they
// are numbered in the order of the files' names and of their places, so that
// every environment gets the same numbers. Source: docs.liquibase.com, SQL
// changelog; liquibase.parser.AbstractFormattedChangeLogParser for the text.
func (a *assessment) liquibase() {
	a.out.Afterwards = "Liquibase is not told: its table stays as it is, and liquibase update would apply again what Lockstep applies from now on. Take Liquibase out of the pipeline."
	sources := slices.Clone(a.Sources)
	slices.SortFunc(sources, func(x, y Source) int { return strings.Compare(x.Path, y.Path) })
	var sets []changeSet
	for _, source := range sources {
		switch strings.ToLower(path.Ext(source.Path)) {
		case ".sql":
			found, err := parseLiquibase(string(source.Bytes))
			if err != nil {
				a.refuse("correct the file", "%s: %v", source.Path, err)
			}
			for _, c := range found {
				c.path = source.Path
				sets = append(sets, c)
			}
		case ".xml", ".yaml", ".yml", ".json":
			a.leaveOut("if it holds changes and not only includes, let liquibase update-sql write them as SQL, and put that into formatted SQL", "%s is a changelog in another format than SQL", source.Path)
		}
	}
	a.take(a.liquibaseScripts(sets), a.liquibaseRecords())
}

// changeSet is one change set of formatted SQL.
type changeSet struct {
	author, id, attributes string
	line                   int
	sql, down              string
	refused                string // what in it cannot be converted
	path                   string
}

func (c changeSet) key() string { return c.author + ":" + c.id }

func (a *assessment) liquibaseScripts(sets []changeSet) []script {
	digits := max(len(fmt.Sprint(len(sets))), 4)
	var scripts []script
	for i, c := range sets {
		s := script{
			key: c.key(), digits: fmt.Sprintf("%0*d", digits, i+1), name: slug(c.author + "_" + c.id),
			path: fmt.Sprintf("%s:%d", c.path, c.line), sum: liquibaseSum(c.sql),
		}
		up := c.sql
		if strings.Contains(strings.ToLower(c.attributes), "runintransaction:false") {
			up = noTransaction + up
		}
		if c.refused != "" {
			a.refuse("take it out of the change set, or write the change set as a plain migration in golang-migrate's layout", "%s: change set %s has %s, which cannot be converted", s.path, s.key, c.refused)
			continue
		}
		if err := a.finishScript(&s, up, c.down); err != nil {
			a.refuse("correct the file", "%s: change set %s: %v", s.path, s.key, err)
			continue
		}
		if slices.ContainsFunc(scripts, func(other script) bool { return other.key == s.key }) {
			a.refuse("give one of them another id", "change set %s is there twice, and which of them was applied depends on paths that may have changed", s.key)
		}
		scripts = append(scripts, s)
	}
	return scripts
}

func (a *assessment) liquibaseRecords() []record {
	rows := slices.Clone(a.Sighting.Table.Rows)
	slices.SortStableFunc(rows, func(x, y Row) int { return cmp.Compare(integer(x["orderexecuted"]), integer(y["orderexecuted"])) })
	var records []record
	old := 0
	for _, row := range rows {
		r := record{key: row["author"] + ":" + row["id"], at: row["dateexecuted"]}
		switch kind := row["exectype"]; kind {
		case "EXECUTED", "RERAN":
		case "MARK_RAN":
			a.note("Liquibase marked %s as run without running it; it counts as applied here too", r.key)
		default:
			a.refuse("mend it with Liquibase, and import again", "Liquibase says that change set %s is %s", r.key, kind)
		}
		if sum, ok := strings.CutPrefix(row["md5sum"], "9:"); ok {
			r.sum = sum
		} else {
			old++
		}
		records = append(records, r)
	}
	if old > 0 {
		a.note("%d change sets are not verified: their checksums are of an older version than 9; liquibase update with a newer Liquibase renews them", old)
	}
	return records
}

// liquibaseSum is checksum version 9 of a change set with one SQL change: MD5
// of "9:" and the MD5 of the text without white space, then ":". Source:
// liquibase.changelog.ChangeSet and liquibase.change.AbstractSQLChange 4.28.
func liquibaseSum(sql string) string {
	bare := strings.NewReplacer(" ", "", "\n", "", "\r", "", "\t", "").Replace(sql)
	inner := md5.Sum([]byte(bare))
	outer := md5.Sum([]byte("9:" + hex.EncodeToString(inner[:]) + ":"))
	return hex.EncodeToString(outer[:])
}

var (
	liquibaseHeader = regexp.MustCompile(`(?i)^\s*--\s*liquibase\s*formatted`)
	liquibaseSet    = regexp.MustCompile(`(?i)^\s*--\s*changeset\s+("[^"]+"|[^:]+):\s*("[^"]+"|\S+)(.*)`)
	liquibaseDown   = regexp.MustCompile(`(?i)^\s*--\s*rollback (.*)`)
	liquibaseNote   = regexp.MustCompile(`(?i)^\s*--\s*(comment:? |validCheckSum)`)
	liquibaseOther  = regexp.MustCompile(`(?i)^\s*(--\s*(property|ignoreLines|preconditions?|precondition-\S+)\b|/\*\s*liquibase\s+rollback)`)
	liquibaseSpoils = regexp.MustCompile(`(?i)\b(runOnChange:true|runAlways:true|dbms:\S+|context(?:Filter)?:\S+|labels:\S+|endDelimiter:\S*|runWith:\S+|ignore:true|failOnError:false|logicalFilePath:\S+)`)
)

var errNotFormatted = errors.New(`no "--liquibase formatted sql" in its first line`)

// parseLiquibase cuts formatted SQL into its change sets.
func parseLiquibase(text string) ([]changeSet, error) {
	all := lines(text)
	if !liquibaseHeader.MatchString(strings.TrimPrefix(all[0], "\ufeff")) {
		return nil, errNotFormatted
	}
	var sets []changeSet
	for i, line := range all[1:] {
		if m := liquibaseSet.FindStringSubmatch(strings.TrimRight(line, "\r\n")); m != nil {
			c := changeSet{author: strings.Trim(m[1], `"`), id: strings.Trim(m[2], `"`), attributes: m[3], line: i + 2}
			c.refused = liquibaseSpoils.FindString(m[3])
			sets = append(sets, c)
			continue
		}
		if len(sets) == 0 {
			if strings.TrimSpace(line) != "" {
				return nil, fmt.Errorf("line %d stands before the first change set", i+2)
			}
			continue
		}
		sets[len(sets)-1].read(line)
	}
	return sets, nil
}

func (c *changeSet) read(line string) {
	switch {
	case liquibaseOther.MatchString(line):
		c.refused = cmp.Or(c.refused, strings.TrimSpace(line))
	case strings.Contains(line, "${"):
		c.refused = cmp.Or(c.refused, "a parameter (${...})")
	case liquibaseDown.MatchString(line):
		text := strings.TrimRight(liquibaseDown.FindStringSubmatch(line)[1], "\r")
		if bare := strings.ToLower(strings.TrimSpace(text)); bare == "empty" || bare == "not required" {
			return
		}
		c.down += text + "\n"
	case liquibaseNote.MatchString(line):
	default:
		c.sql += line
	}
}
