package pglint

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

func contains(list []string, s string) bool { return slices.Contains(list, s) }

// own is the author's statement without its semicolon.
func (l look) own() string { return strings.TrimSuffix(strings.TrimSpace(l.Text), ";") }

// concurrently is the author's CREATE INDEX with CONCURRENTLY and a name, and
// without IF NOT EXISTS, which accepts an INVALID index.
func (l look) concurrently(name string) string {
	text, done := strings.TrimSuffix(l.Text, ";"), false
	var b strings.Builder
	at := 0
	tokens := l.Tokens()
	for i, t := range tokens {
		if done || !t.Is("INDEX") {
			continue
		}
		done = true
		b.WriteString(text[:t.Offset+len(t.Text)] + " CONCURRENTLY")
		at = t.Offset + len(t.Text)
		next := tokens[i+1:]
		for len(next) > 0 && (next[0].Is("CONCURRENTLY") || next[0].Is("IF") || next[0].Is("NOT") || next[0].Is("EXISTS")) {
			at = next[0].Offset + len(next[0].Text)
			next = next[1:]
		}
		if len(next) > 0 && next[0].Is("ON") {
			b.WriteString(" " + name)
		}
	}
	return b.String() + text[at:]
}

// onPartitions is the way to an index on a partitioned table: the parent's
// alone and empty, each partition's beside traffic, and attached.
func (l look) onPartitions(i *pg.IndexStmt, name string) string {
	table := pgschema.NameOf(i.GetRelation())
	built := l.schema.Clone()
	built.Apply(l.Statement)
	parent := built.Indexes[pgschema.Name{Schema: table.Schema, Local: i.GetIdxname()}]
	if i.GetIdxname() == "" || parent == nil {
		return ""
	}
	onOnly := strings.Replace(indexOn(parent, parent.Name, table), "CONCURRENTLY ", "", 1)
	onOnly = strings.Replace(onOnly, " ON "+sql(table), " ON ONLY "+sql(table), 1)
	all := []string{onOnly}
	for _, leaf := range l.schema.Tree(table)[1:] {
		part := pgschema.Name{Schema: leaf.Schema, Local: leaf.Local + "_" + i.GetIdxname()}
		all = append(all, "-- each in a file of its own:", indexOn(parent, part, leaf), "ALTER INDEX "+sql(parent.Name)+" ATTACH PARTITION "+sql(part))
	}
	return lines(all...)
}
