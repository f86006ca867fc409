package mysql_test

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/providers/database/mysql"
)

// A version table without transactions is golang-migrate's all the same: what
// is wrong with it is said, and nobody is sent to another tool.
func TestSurveyTellsAnotherToolsTableFromOneWithoutTransactions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY)`)
	if seen, err := mysql.New().SurveyTools(t.Context(), b.database()); err != nil || !seen.Foreign {
		t.Errorf("dbmate's: %+v, %v", seen, err)
	}
	b.exec(`DROP TABLE schema_migrations; CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL) ENGINE=MyISAM`)
	if _, err := mysql.New().SurveyTools(t.Context(), b.database()); err == nil || !strings.Contains(err.Error(), "ENGINE=InnoDB") {
		t.Errorf("without transactions: %v", err)
	}
}
