package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/adopt"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// SurveyTools reads the file; it does not create one that is missing.
func (d driver) SurveyTools(ctx context.Context, target database.Target) (_ database.ToolSurvey, err error) {
	file, err := locate(target.URL, d.folder)
	if err != nil {
		return database.ToolSurvey{}, err
	}
	there, err := exists(file)
	if err != nil {
		return database.ToolSurvey{}, err
	}
	if !there {
		return database.ToolSurvey{State: database.State{Fresh: true}}, nil
	}
	c, err := connect(ctx, file, readOnly)
	if err != nil {
		return database.ToolSurvey{}, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	tx, err := c.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return database.ToolSurvey{}, fmt.Errorf("read the database: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	return survey(ctx, tx, target)
}

func survey(ctx context.Context, tx *sql.Tx, target database.Target) (database.ToolSurvey, error) {
	var out database.ToolSurvey
	all, err := database.ReadTables(ctx, tx, allTables)
	if err != nil {
		return out, err
	}
	names := append(adopt.Names(), strings.ToLower(target.Table))
	for _, t := range all {
		if !slices.Contains(names, strings.ToLower(t.Name)) && !adopt.Marked(t) {
			continue
		}
		if adopt.Readable(t) {
			if t.Rows, err = readTable(ctx, tx, t); err != nil {
				return out, fmt.Errorf("read table %s: %w", t, err)
			}
		}
		if strings.EqualFold(t.Name, target.Table) {
			columns, err := columnsOf(ctx, tx, t.Name)
			if err != nil {
				return out, err
			}
			out.Foreign = columns != "dirty,version"
		}
		out.Tables = append(out.Tables, t)
	}
	if out.Foreign {
		return out, nil
	}
	out.State, err = readState(ctx, tx, target.Table)
	return out, err
}

const allTables = `SELECT m.name, c.name, c.type FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' ORDER BY m.name, c.cid`

func readTable(ctx context.Context, q rowQuerier, t adopt.Table) ([]adopt.Row, error) {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = "CAST(" + quote(c.Name) + " AS TEXT)"
	}
	query := `SELECT ` + strings.Join(columns, ", ") + ` FROM ` + quote(t.Name)
	rows, err := q.QueryContext(ctx, query+database.OrderByAll(t.Columns)) //nolint:rowserrcheck // TextRows asks for it
	if err != nil {
		return nil, err
	}
	return database.TextRows(rows, t.Columns)
}
