package queries

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
)

// oidType is a type as the protocol names it.
type oidType struct {
	oid      int64
	modifier int64
}

// described is the server's answer to the protocol's Parse and Describe.
type described struct {
	parameters []oidType
	names      []string
	columns    []oidType
}

// parse prepares a statement by the protocol and has it described; nothing is
// executed.
//
// database/sql has no call for the server's answer, and no SQL function knows
// the names of the columns, or before PostgreSQL 16 the types. lib/pq has the
// answer in the statement that it returns, in fields without a getter; they
// are read by their names, and a driver that has others is an error.
func parse(ctx context.Context, conn *sql.Conn, text string) (described, error) {
	var d described
	var failed error
	err := conn.Raw(func(c any) error {
		preparer, ok := c.(driver.ConnPrepareContext)
		if !ok {
			return errors.New("the database driver cannot prepare statements")
		}
		statement, err := preparer.PrepareContext(ctx, text)
		if err != nil {
			failed = err // the connection is not bad for it
			return nil
		}
		d, failed = answerOf(statement)
		return statement.Close()
	})
	if err != nil {
		return described{}, fmt.Errorf("prepare a statement: %w", err)
	}
	return d, failed
}

func answerOf(statement driver.Stmt) (described, error) {
	held := reflect.Indirect(reflect.ValueOf(statement))
	parameters, names, columns := held.FieldByName("paramTyps"), held.FieldByName("colNames"), held.FieldByName("colTyps")
	if parameters.Kind() != reflect.Slice || names.Kind() != reflect.Slice || columns.Kind() != reflect.Slice {
		return described{}, fmt.Errorf("the database driver's statement %T is not the one of github.com/lib/pq 1.12 that this build reads", statement)
	}
	var d described
	for i := range parameters.Len() {
		d.parameters = append(d.parameters, oidType{int64(parameters.Index(i).Uint()), -1}) //nolint:gosec // an OID has 32 bits
	}
	for i := range names.Len() {
		d.names = append(d.names, names.Index(i).String())
		column := columns.Index(i)
		d.columns = append(d.columns, oidType{
			int64(column.FieldByName("OID").Uint()), //nolint:gosec // an OID has 32 bits
			column.FieldByName("Mod").Int(),
		})
	}
	return d, nil
}
