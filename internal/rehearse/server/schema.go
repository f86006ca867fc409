package server

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"
)

// Reading says whose schema is read, and how.
type Reading struct {
	// From is the target's URL for lib/pq.
	From string
	// Binaries are where pg_dump is looked for first; may be empty.
	Binaries Binaries
	// Privileges says to read owners and privileges as well, which take a
	// superuser where they are to be made.
	Privileges bool
}

// Schema is a target's schema, read and made nowhere yet.
type Schema struct {
	dumper     string
	privileges bool
	around     surroundings
	steps      []step
}

// ReadSchema reads a target's schema, without rows; see CopySchema.
func ReadSchema(ctx context.Context, r Reading) (Schema, error) {
	ctx, cancel := context.WithTimeout(ctx, copying)
	defer cancel()
	from, err := parseAddress(r.From, "the target's url")
	if err != nil {
		return Schema{}, err
	}
	around, err := readSurroundings(ctx, from)
	if err != nil {
		return Schema{}, fmt.Errorf("look at the target: %w", err)
	}
	d, err := findDumper(ctx, r.Binaries.Folder, around.major)
	if err != nil {
		return Schema{}, err
	}
	text, err := d.dump(ctx, from, r.Privileges)
	if err != nil {
		return Schema{}, err
	}
	steps, err := read(text)
	if err != nil {
		return Schema{}, fmt.Errorf("read the dump of the target's schema: %w", err)
	}
	return Schema{d.version, r.Privileges, around, steps}, nil
}

// copying bounds each of reading and making a schema: large ones take seconds.
const copying = 5 * time.Minute

// CopyTo makes the schema in an empty database; see CopySchema.
func (schema Schema) CopyTo(ctx context.Context, to *Database) (Copied, error) {
	ctx, cancel := context.WithTimeout(ctx, copying)
	defer cancel()
	s := to.server
	done := Copied{Dumper: schema.dumper, Privileges: schema.privileges, Older: s.Major() < schema.around.major}
	if err := done.prepare(ctx, to, schema.around); err != nil {
		return done, fmt.Errorf("prepare the copy of the schema: %w", s.address.hide(err))
	}
	text := joined(schema.steps)
	done.Roles = slices.DeleteFunc(done.Roles, func(role string) bool { return !strings.Contains(text, pq.QuoteIdentifier(role)) })
	if err := done.apply(ctx, to, slices.Clone(schema.steps)); err != nil {
		return done, fmt.Errorf("copy the schema: %w", s.address.hide(err))
	}
	if err := done.populate(ctx, to, schema.around); err != nil {
		return done, fmt.Errorf("fill materialized views of the copy: %w", err)
	}
	if err := schema.around.belongs.settleExtensions(ctx, to); err != nil {
		return done, fmt.Errorf("copy the schema: %w", err)
	}
	return done, nil
}

// Roles are those of the target's server, of which the schema may use none.
func (schema Schema) Roles() []string { return schema.around.roles }

// Digest is equal for schemas that make equal copies, whoever dumped them and
// when. Roles count as far as something is theirs.
func (schema Schema) Digest() [sha256.Size]byte {
	h := sha256.New()
	around := schema.around
	around.roles = nil
	_, _ = fmt.Fprintf(h, "%t %+v\n", schema.privileges, around) // never fails
	for _, s := range schema.steps {
		_, _ = io.WriteString(h, s.Text+";\n")
	}
	return [sha256.Size]byte(h.Sum(nil))
}
