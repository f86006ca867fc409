package database

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Target is a database block: where the schema is and how to be careful there.
type Target struct {
	Name   string
	Driver string
	// URL holds a password; it must never reach an error or a log. It is the
	// block's direct_url where there is one: migrations go past a pooler.
	URL string
	// PooledURL is the block's url where there is a direct_url, too.
	PooledURL  string
	Migrations string
	// Table is golang-migrate's version table, "schema_migrations" by default.
	Table            string
	LockTimeout      time.Duration
	StatementTimeout time.Duration
	// Lock is how other migrations are kept out: LockSession or LockLease.
	Lock string
	// Unmanaged are patterns of objects that others look after, one a line, so
	// that targets compare.
	Unmanaged string
	// Hosts are the patterns of hosts at which it may be, as one text that can
	// be compared; empty for any.
	Hosts string
	// Trial says how a plan tries migrations beforehand.
	Trial Trial
}

// Trial is where and whether a plan rehearses pending migrations.
type Trial struct {
	Rehearse   string // RehearseAuto, RehearseAlways or RehearseNever
	ScratchURL string // holds a password, as the target's url does
	Queries    string // folder of the application's SQL, relative to the project
}

// Ways to decide about a rehearsal.
const (
	RehearseAuto   = "auto"   // where a server is to be had
	RehearseAlways = "always" // no plan without it
	RehearseNever  = "never"
)

// Ways to keep other migrations of a database out.
const (
	// LockSession holds golang-migrate's locks as long as the connection lives.
	LockSession = "session"
	// LockLease holds a row that expires; it works through a pooler that
	// gives each transaction a connection of its own.
	LockLease = "lease"
)

// hostSeparator stands between the patterns of Target.Hosts; no pattern has it.
const hostSeparator = " "

// ErrPooled is the error of work that needs a connection of its own where a
// pooler shares connections out. Nothing was changed.
var ErrPooled = errors.New("the url leads to a connection pooler, where locks and settings of a session are lost or reach others; " +
	"give direct_url, a url that goes past the pooler, or set lock = \"lease\" in the database block")

// Defaults of a database block.
const (
	DefaultTable            = "schema_migrations"
	DefaultLockTimeout      = 2 * time.Second
	DefaultStatementTimeout = 15 * time.Minute
)

type targetJSON struct {
	Name             string   `json:"name"`
	Driver           string   `json:"driver"`
	URL              string   `json:"url"`
	Migrations       string   `json:"migrations"`
	Table            string   `json:"table"`
	LockTimeout      string   `json:"lock_timeout"`
	StatementTimeout string   `json:"statement_timeout"`
	DirectURL        string   `json:"direct_url"`
	Lock             string   `json:"lock"`
	Rehearse         string   `json:"rehearse"`
	ScratchURL       string   `json:"scratch_url"`
	Queries          string   `json:"queries"`
	Unmanaged        []string `json:"unmanaged"`
	Hosts            []string `json:"hosts"`
}

// DecodeTarget reads a database block's settings. Its errors never show a
// value.
func DecodeTarget(settings json.RawMessage) (Target, error) {
	var in targetJSON
	if err := decodeStrict(settings, &in); err != nil {
		return Target{}, fmt.Errorf("settings of the database: %w", err)
	}
	t := Target{
		Name: in.Name, Driver: in.Driver, URL: cmp.Or(in.DirectURL, in.URL), Migrations: in.Migrations, Table: in.Table,
		Lock:      cmp.Or(in.Lock, LockSession),
		Hosts:     strings.Join(in.Hosts, hostSeparator),
		Unmanaged: strings.Join(in.Unmanaged, "\n"),
		Trial:     Trial{cmp.Or(in.Rehearse, RehearseAuto), in.ScratchURL, in.Queries},
	}
	if in.DirectURL != "" {
		t.PooledURL = in.URL
	}
	if t.Lock == LockLease && t.Driver != "postgres" {
		return Target{}, fmt.Errorf("database %q: lock = \"lease\" is for driver postgres; leave lock out", t.Name)
	}
	if t.Table == "" {
		t.Table = DefaultTable
	}
	var err error
	if t.LockTimeout, err = duration("lock_timeout", in.LockTimeout, DefaultLockTimeout); err != nil {
		return Target{}, err
	}
	if t.StatementTimeout, err = duration("statement_timeout", in.StatementTimeout, DefaultStatementTimeout); err != nil {
		return Target{}, err
	}
	if t.URL == "" {
		return Target{}, fmt.Errorf("database %q: url is empty, expected a connection URL", t.Name)
	}
	return t, nil
}

// DecodeMigration reads a migration block's settings: the database it names.
// Version and dependencies have been dealt with by the planner. Its errors
// never show a value.
func DecodeMigration(settings json.RawMessage) (Target, error) { return decodeMigration(settings) }

func decodeMigration(settings json.RawMessage) (Target, error) {
	var in struct {
		Database  json.RawMessage `json:"database"`
		Version   json.RawMessage `json:"version"`
		Timeout   json.RawMessage `json:"timeout"`
		DependsOn json.RawMessage `json:"depends_on"`
		Expected  json.RawMessage `json:"expected_version"`
	}
	if err := decodeStrict(settings, &in); err != nil {
		return Target{}, fmt.Errorf("settings of the migration: %w", err)
	}
	return DecodeTarget(in.Database)
}

// decodeStrict refuses unknown fields. It hides what encoding/json would say
// about a value, which can be the URL.
func decodeStrict(settings json.RawMessage, into any) error {
	dec := json.NewDecoder(bytes.NewReader(settings))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType):
		return fmt.Errorf("%s is of another type, expected %s", wrongType.Field, wrongType.Type)
	case err != nil:
		return errors.New("not the expected JSON object")
	default:
		return nil
	}
}

func duration(name, text string, missing time.Duration) (time.Duration, error) {
	if text == "" {
		return missing, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%s is %q, expected a duration above zero such as 3s", name, text)
	}
	return d, nil
}
