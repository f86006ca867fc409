package postgres

import (
	"cmp"
	"errors"
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
		File: file, Message: pqErr.Message, Code: "SQLSTATE " + string(pqErr.Code), Hint: cmp.Or(pqErr.Hint, advice(pqErr)),
	}
	if position, convErr := strconv.Atoi(pqErr.Position); convErr == nil {
		e.Line = firstLine + strings.Count(firstCharacters(text, position-1), "\n")
	} else {
		e.Line, e.Place = locate(pqErr, text, firstLine)
	}
	// The detail of an integrity violation (class 23) shows rows.
	if !strings.HasPrefix(string(pqErr.Code), "23") {
		e.Detail = pqErr.Detail
	}
	e.Cause, e.Cancelled = err, pqErr.Code == "57014"
	return e
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
