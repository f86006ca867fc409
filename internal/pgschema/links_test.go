package pgschema

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// TestLinksFollow: what is noted of a schema while it grows is what a search
// through all of it finds, whatever was applied.
func TestLinksFollow(t *testing.T) {
	t.Parallel()
	statements := []string{
		"CREATE TABLE a (id int PRIMARY KEY, x int UNIQUE)", "CREATE TABLE b (LIKE a INCLUDING ALL)", "CREATE TABLE c () INHERITS (a)",
		"CREATE TABLE p (id int PRIMARY KEY, k int) PARTITION BY RANGE (id)", "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (9)",
		"CREATE TABLE p2 (id int NOT NULL, k int)", "ALTER TABLE p ATTACH PARTITION p2 DEFAULT", "ALTER TABLE p DETACH PARTITION p1",
		"CREATE INDEX p_k ON p (k)", "CREATE UNIQUE INDEX a_x2 ON a (x)", "ALTER TABLE a ADD CONSTRAINT a_x3 UNIQUE USING INDEX a_x2",
		"ALTER TABLE a RENAME TO d", "ALTER INDEX a_pkey RENAME TO a_key", "ALTER TABLE b INHERIT a", "ALTER TABLE b NO INHERIT a",
		"DROP TABLE a CASCADE", "DROP INDEX p_k", "ALTER TABLE p SET SCHEMA other", "ALTER TABLE a DROP COLUMN x", "DROP TABLE p1",
	}
	rapid.Check(t, func(r *rapid.T) {
		s := New()
		for _, text := range rapid.SliceOfN(rapid.SampledFrom(statements), 1, 25).Draw(r, "statements") {
			list, err := pgsyntax.Read([]byte(text))
			if err != nil {
				r.Fatal(err)
			}
			s.Apply(list[0])
			noted := s.linked()
			s.unlink()
			searched := s.linked()
			if !sameLists(noted.indexes, searched.indexes) || !sameLists(noted.children, searched.children) {
				r.Fatalf("after %s: noted %v %v, there %v %v", text, noted.indexes, noted.children, searched.indexes, searched.children)
			}
			s.links.Store(noted)
		}
	})
}

// sameLists compares what is listed, in any order; no entry is an empty list.
func sameLists[T any](a, b map[Name][]*T) bool {
	count := func(m map[Name][]*T) map[Name]map[*T]int {
		all := map[Name]map[*T]int{}
		for n, list := range m {
			for _, v := range list {
				if all[n] == nil {
					all[n] = map[*T]int{}
				}
				all[n][v]++
			}
		}
		return all
	}
	return maps.EqualFunc(count(a), count(b), func(x, y map[*T]int) bool { return maps.Equal(x, y) })
}
