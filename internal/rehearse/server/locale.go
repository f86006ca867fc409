package server

import (
	"context"
	"fmt"
	"strings"

	"github.com/lib/pq"
)

// Locale is what decides how a database stores and sorts text. The zero value
// is UTF8 with the C locale.
type Locale struct {
	Encoding string // "UTF8"
	Collate  string // "de_DE.UTF-8", of the operating system
	Ctype    string
	// Provider is "libc", "icu" or "builtin"; empty is libc.
	Provider string
	// Name is the locale of a provider other than libc, such as "de-DE".
	Name string
}

// Target is what must be known of the target before it is copied.
type Target struct {
	// Version is server_version_num, such as 150018.
	Version int
	// Cluster is the system identifier; empty when it may not be read.
	Cluster string
	Locale  Locale
	// Role is who we are at the target.
	Role Role
}

// Major returns the target's major version, such as 15.
func (t Target) Major() int { return major(t.Version) }

// Describe reads what must be known of the target. url is for lib/pq.
func Describe(ctx context.Context, url string) (Target, error) {
	a, err := parseAddress(url, "the target's url")
	if err != nil {
		return Target{}, err
	}
	var t Target
	err = reading(ctx, a, func(ctx context.Context, q querier) (err error) {
		t, err = describe(ctx, q)
		return err
	})
	if err != nil {
		return Target{}, fmt.Errorf("look at the target: %w", err)
	}
	return t, nil
}

func describe(ctx context.Context, q querier) (Target, error) {
	var t Target
	if err := q.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int`).Scan(&t.Version); err != nil {
		return t, err
	}
	l := &t.Locale
	err := q.QueryRowContext(ctx, `SELECT pg_encoding_to_char(encoding), datcollate, datctype, `+providerColumns(t.Major())+`
		FROM pg_database WHERE datname = current_database()`).Scan(&l.Encoding, &l.Collate, &l.Ctype, &l.Provider, &l.Name)
	if err != nil {
		return t, err
	}
	if t.Cluster, err = cluster(ctx, q); err != nil {
		return t, err
	}
	return t, t.Role.read(ctx, q)
}

// providerColumns are the columns of pg_database that name a provider: none
// before 15, and the locale's own name changed in 17.
func providerColumns(major int) string {
	const provider = `CASE datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END, `
	switch {
	case major >= 17:
		return provider + `coalesce(datlocale, '')`
	case major >= 15:
		return provider + `coalesce(daticulocale, '')`
	}
	return `'libc', ''`
}

// cluster returns the system identifier, or nothing where it may not be read.
func cluster(ctx context.Context, q querier) (string, error) {
	const forbidden = "42501"
	var id string
	err := q.QueryRowContext(ctx, `SELECT system_identifier::text FROM pg_control_system()`).Scan(&id)
	if failed(err, forbidden) {
		return "", nil
	}
	return id, err
}

// failed reports whether the server refused something with one of these codes.
func failed(err error, codes ...string) bool {
	refused := pq.As(err)
	if refused == nil {
		return false
	}
	for _, code := range codes {
		if string(refused.Code) == code {
			return true
		}
	}
	return false
}

// plain is the locale that every server has, in the same encoding.
func (l Locale) plain() Locale {
	if l.Encoding == "" {
		l.Encoding = "UTF8"
	}
	return Locale{Encoding: l.Encoding, Collate: "C", Ctype: "C"}
}

// candidates are the locale and what comes next to it, nearest first, of those
// that a server of this version knows how to ask for.
func (l Locale) candidates(major int) []Locale {
	// With a provider of its own the operating system's locale decides little.
	nearest := l.plain()
	nearest.Provider, nearest.Name = l.Provider, l.Name
	if l.since() > major {
		return []Locale{l.plain()}
	}
	if l.Name == "" {
		return []Locale{l, l.plain()}
	}
	return []Locale{l, nearest, l.plain()}
}

// since is the first major version that has the provider for whole databases.
func (l Locale) since() int {
	return map[string]int{"icu": 15, "builtin": 17}[l.Provider]
}

// clause is the part of CREATE DATABASE that asks for the locale.
func (l Locale) clause(major int) string {
	parts := []string{"ENCODING " + pq.QuoteLiteral(l.Encoding), "LC_COLLATE " + pq.QuoteLiteral(l.Collate), "LC_CTYPE " + pq.QuoteLiteral(l.Ctype)}
	if major < 15 {
		return strings.Join(parts, " ")
	}
	if l.Provider == "" {
		l.Provider = "libc"
	}
	parts = append(parts, "LOCALE_PROVIDER "+l.Provider)
	switch l.Provider {
	case "icu":
		parts = append(parts, "ICU_LOCALE "+pq.QuoteLiteral(l.Name))
	case "builtin":
		parts = append(parts, "BUILTIN_LOCALE "+pq.QuoteLiteral(l.Name))
	}
	return strings.Join(parts, " ")
}

// String names the locale as people do.
func (l Locale) String() string {
	if l.Name != "" {
		return l.Encoding + " " + l.Provider + ":" + l.Name + " " + l.Collate
	}
	return l.Encoding + " " + l.Collate
}
