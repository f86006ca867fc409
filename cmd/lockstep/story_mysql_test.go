package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lockstep-dev/lockstep/internal/mysqltest"
)

// mysqlCluster is the MariaDB or MySQL of the stories that ask for one.
var mysqlCluster = mysqltest.NewCluster(mysqltest.Options{})

// mysql NAME: set a variable to the URL of an empty database; where there is
// no server the story is skipped.
func mysql(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], mysqlCluster.Database(ts.Value(storyTest{}).(testing.TB)))
}
