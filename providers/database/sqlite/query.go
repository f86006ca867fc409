package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// Query runs one statement for a check on a connection that cannot write.
// Values are as database.ReadRows says.
func (p *Provider) Query(ctx context.Context, url, query string) (list []map[string]any, err error) {
	if err := database.OneStatement(sqlscan.SplitSQLite([]byte(query))); err != nil {
		return nil, err
	}
	file, err := locate(url, p.folder)
	if err != nil {
		return nil, err
	}
	there, err := exists(file)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, fmt.Errorf("query: there is no database %s", filepath.Base(file))
	}
	c, err := connect(ctx, file, readOnly)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	rows, err := c.QueryContext(ctx, query) //nolint:rowserrcheck // ReadRows asks for it
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	return database.ReadRows(rows)
}
