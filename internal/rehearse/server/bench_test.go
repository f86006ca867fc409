package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// many is a schema of tables with keys, indexes and foreign keys.
func many(tables int) []string {
	var all []string
	for i := range tables {
		all = append(all, fmt.Sprintf(`CREATE TABLE t%d (id bigserial PRIMARY KEY, name text NOT NULL, other bigint REFERENCES t%d, at timestamptz DEFAULT now());
			CREATE INDEX ON t%d (name);`, i, max(0, i-1), i))
	}
	return all
}

func BenchmarkStart(b *testing.B) {
	o := Options{Binaries: found(b), Place: newPlace(b), Cache: b.TempDir()}
	startAndClose := func(b *testing.B) {
		s, err := Start(b.Context(), o)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			left, _ := filepath.Glob(filepath.Join(o.Cache, "*"))
			for _, path := range left {
				if err := os.Remove(path); err != nil {
					b.Fatal(err)
				}
			}
			startAndClose(b)
		}
	})
	b.Run("second", func(b *testing.B) {
		for b.Loop() {
			startAndClose(b)
		}
	})
}

func BenchmarkDatabase(b *testing.B) {
	s := start(b, Options{})
	from := target(b, many(500)...)
	var copied *Database
	b.Run("empty", func(b *testing.B) {
		for b.Loop() {
			database(b, s, Locale{})
		}
	})
	b.Run("copy of 500 tables", func(b *testing.B) {
		for b.Loop() {
			copied = database(b, s, Locale{})
			if _, err := CopySchema(b.Context(), Copy{From: from, To: copied, Binaries: found(b)}); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, strategy := range []string{"file_copy", "wal_log"} {
		b.Run("clone of 500 tables by "+strategy, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				run(b, s.address.String(), fmt.Sprintf("CREATE DATABASE %s_%d TEMPLATE %s STRATEGY %s", strings.ToLower(strategy), i, copied.Name, strategy))
			}
		})
	}
}
