package pgsyntax_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgsyntax"
)

// thousand is a text of 1,000 statements as migrations have them.
func thousand() []byte {
	kinds := []string{
		"CREATE TABLE app.orders_%[1]d (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer bigint NOT NULL REFERENCES app.customers (id),\n  status varchar(40) NOT NULL DEFAULT 'new', total numeric(12, 2) CHECK (total >= 0), created timestamptz DEFAULT now());",
		"CREATE INDEX CONCURRENTLY orders_%[1]d_status ON app.orders_%[1]d (status) WHERE status <> 'done';",
		"ALTER TABLE app.orders_%[1]d ADD COLUMN note text, ADD CONSTRAINT note_short CHECK (length(note) < 200) NOT VALID;",
		"UPDATE app.orders_%[1]d SET note = '' WHERE note IS NULL AND id BETWEEN 1 AND 10000;",
		"CREATE FUNCTION app.touch_%[1]d() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated := now(); RETURN NEW; END $$;",
	}
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&text, kinds[i%len(kinds)]+"\n", i)
	}
	return []byte(text.String())
}

func BenchmarkRead(b *testing.B) {
	known := thousand()
	b.Run("known", func(b *testing.B) { read(b, known) })
	newer := append(thousand(), "ALTER TABLE a ADD CONSTRAINT b NOT NULL c NOT VALID;"...)
	b.Run("one newer", func(b *testing.B) { read(b, newer) })
}

func read(b *testing.B, text []byte) {
	b.Helper()
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	if _, err := pgsyntax.Read([]byte("SELECT 1")); err != nil { // WebAssembly compiles at its first use
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := pgsyntax.Read(text); err != nil {
			b.Fatal(err)
		}
	}
}
