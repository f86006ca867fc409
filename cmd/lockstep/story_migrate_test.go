package main

import (
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// migrateCLI is golang-migrate's own command line, built at most once.
var migrateCLI = sync.OnceValues(func() (string, error) {
	build := exec.Command("go", "build", "-tags", "postgres sqlite mysql file", "-o", filepath.Join(binaries, "migrate"),
		"github.com/golang-migrate/migrate/v4/cmd/migrate")
	output, err := build.CombinedOutput()
	return string(output), err
})

// golang-migrate: have golang-migrate's command line as "migrate".
func golangMigrate(ts *testscript.TestScript, _ bool, _ []string) {
	if output, err := migrateCLI(); err != nil {
		ts.Fatalf("build golang-migrate's command line: %v\n%s", err, output)
	}
}
