package postgres

import (
	"cmp"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// describe turns the server's error into one that names the place in the
// file. firstLine is the line of text's first character.
func describe(err error, file, text string, firstLine int) error {
	var pqErr *pq.Error
	if !errors.As(err, &pqErr) {
		return err
	}
	e := &database.SQLError{
		File: file, Message: withoutRow(pqErr), Code: "SQLSTATE " + string(pqErr.Code), Hint: cmp.Or(pqErr.Hint, advice(pqErr)),
	}
	if position, convErr := strconv.Atoi(pqErr.Position); convErr == nil {
		e.Line = firstLine + strings.Count(firstCharacters(text, position-1), "\n")
	} else {
		e.Line, e.Place = locate(pqErr, text, firstLine)
	}
	// The detail of an integrity violation (class 23) shows rows, that of a data
	// exception (class 22) a value.
	if !strings.HasPrefix(string(pqErr.Code), "23") && !strings.HasPrefix(string(pqErr.Code), "22") {
		e.Detail = pqErr.Detail
	}
	e.Cause, e.Cancelled = err, pqErr.Code == "57014"
	return e
}

// rowText is what the message of a data exception quotes.
var rowText = regexp.MustCompile(`(?s)".*"`)

// withoutRow is the server's message. That of a data exception (class 22) quotes
// the value that it is about, which may come from a row.
func withoutRow(err *pq.Error) string {
	if !strings.HasPrefix(string(err.Code), "22") {
		return err.Message
	}
	return rowText.ReplaceAllLiteralString(err.Message, `"***"`)
}

func firstCharacters(s string, n int) string {
	for i := range s {
		if n <= 0 {
			return s[:i]
		}
		n--
	}
	return s
}
