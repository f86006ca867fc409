package aside

import (
	"context"
	"database/sql"
)

// Triggers returns what lets ordinary triggers and foreign keys rest in a
// transaction, and what wakes them: the function where it is, what needs a
// superuser otherwise.
func Triggers(ctx context.Context, tx *sql.Tx) (rest, wake string, err error) {
	var there bool
	err = tx.QueryRowContext(ctx, "SELECT pg_catalog.to_regnamespace('"+Schema+"') IS NOT NULL AND pg_catalog.to_regproc('"+Schema+".triggers') IS NOT NULL").Scan(&there)
	if there {
		return "SELECT " + Schema + ".triggers(false)", "SELECT " + Schema + ".triggers(true)", err
	}
	return "SET LOCAL session_replication_role = replica", "SET LOCAL session_replication_role = origin", err
}
