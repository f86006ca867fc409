package mysql

import (
	"errors"
	"fmt"
	"regexp"

	driver "github.com/go-sql-driver/mysql"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// value finds what of a server's message is a row's: Duplicate entry 'x' for
// key, Incorrect integer value: 'x' for column.
var value = regexp.MustCompile(`(?s)(Duplicate entry |value: )'.*'( for )`)

// describe turns the server's error into one that names the place in the file.
func describe(err error, file string, line int) error {
	var e *driver.MySQLError
	switch {
	case errors.Is(err, errOverdue):
		return fmt.Errorf("%s:%d: %w", file, line, errOverdue)
	case !errors.As(err, &e):
		return fmt.Errorf("%s:%d: %w", file, line, err)
	}
	return &database.SQLError{
		File: file, Line: line, Message: value.ReplaceAllString(e.Message, "${1}(value hidden)${2}"),
		Code: fmt.Sprintf("error %d, SQLSTATE %s", e.Number, e.SQLState[:]), Hint: hint(e.Number), Cause: err,
	}
}

func hint(number uint16) string {
	switch number {
	case 1064:
		return "a file is read by the server's default sql_mode"
	case 1142, 1227:
		return "the url's user lacks this right; migrations want the owner"
	case 1235, 1845, 1846:
		return "leave ALGORITHM or LOCK out, or write what the server can do"
	default:
		return ""
	}
}
