package measure

import (
	"errors"
	"regexp"
	"strings"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/pgschema"
)

// lack is a server's complaint about something that is not there, and how it
// is made. Source: PostgreSQL's messages, which are not translated here.
type lack struct {
	message string // a regular expression
	mend    func(w *world, m []string)
}

func lacks() []lack {
	return []lack{
		{`^type "([^"]+)" does not exist`, func(w *world, m []string) {
			w.before("CREATE TYPE %s AS ENUM ('some_label')", dotted(m[1]))
		}},
		{`^function ([\w."]+)\((.*)\) does not exist`, func(w *world, m []string) {
			if w.builtin[m[1]] {
				return
			}
			w.before("CREATE FUNCTION %s(%s) "+guessed, dotted(m[1]), strings.ReplaceAll(m[2], "unknown", "text"))
		}},
		{`is of type (.+) but default expression is of type integer`, func(w *world, m []string) {
			w.retype(guessed, "RETURNS "+m[1]+" LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN NULL; END'")
		}},
		{`^invalid input value for enum [\w"]+: "([^"]*)"`, func(w *world, m []string) {
			w.retype("('some_label')", "('some_label', '"+m[1]+"')")
		}},
		{`^relation "([^"]+)" does not exist`, stringSequence},
		{`^role "([^"]+)" does not exist`, func(w *world, m []string) { w.before("CREATE ROLE %s", ident(m[1])) }},
		{`^schema "([^"]+)" does not exist`, func(w *world, m []string) { w.schema(m[1]) }},
		{`^server "([^"]+)" does not exist`, func(w *world, m []string) {
			w.before("CREATE FOREIGN DATA WRAPPER some_wrapper")
			w.before("CREATE SERVER %s FOREIGN DATA WRAPPER some_wrapper", ident(m[1]))
		}},
		{`^there is no unique or exclusion constraint matching the ON CONFLICT`, func(w *world, _ []string) { w.unique() }},
	}
}

// guessed is a function of which only the name is known. It may do anything.
const guessed = "RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 1; END'"

// retype changes how what was made for a lack is spelled.
func (w *world) retype(from, to string) {
	for i, text := range w.types {
		w.types[i] = strings.Replace(text, from, to, 1)
	}
}

// stringSequence makes a sequence whose name stands in a string, as in
// nextval('s').
func stringSequence(w *world, m []string) {
	if r := w.relation(pgschema.NameOfParts(strings.Split(m[1], "."))); r != nil {
		r.kind = "SEQUENCE"
	}
}

func (w *world) unique() {
	for _, n := range w.order {
		for _, c := range w.relations[n].columns {
			w.after("CREATE UNIQUE INDEX ON %s (%s)", n, ident(c.name))
		}
	}
}

// mend puts into the world what the error says is not there. It is false when
// the error says no such thing.
func (w *world) mend(err error) bool {
	var refused *pq.Error
	if !errors.As(err, &refused) {
		return false
	}
	before := w.fingerprint()
	for _, l := range lacks() {
		if m := regexp.MustCompile(l.message).FindStringSubmatch(refused.Message); m != nil {
			l.mend(w, m)
			return w.fingerprint() != before
		}
	}
	return false
}

func (w *world) fingerprint() string { return strings.Join(w.statements(), "\n") }

func dotted(name string) string {
	parts := strings.Split(strings.ReplaceAll(name, `"`, ""), ".")
	return ident(parts...)
}

// always reports whether a statement fails whatever is in the tables: the
// server refuses it where it stands, or for what the file itself has done.
// Source: the manual's appendix A, PostgreSQL Error Codes.
func always(err error) bool {
	var refused *pq.Error
	if !errors.As(err, &refused) {
		return false
	}
	switch refused.Code {
	case "25001", // no transaction block allowed
		"55P04",          // an enum's value that the transaction has added
		"42701",          // a column twice
		"0A000",          // not supported
		"42P07", "42710": // it is there already
		return true
	}
	for _, message := range []string{"multiple assignments to same column", "but default expression is of type", "is not a unique index"} {
		if strings.Contains(refused.Message, message) {
			return true
		}
	}
	return false
}
