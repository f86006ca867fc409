package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

var update = flag.Bool("update", false, "rewrite the expected output in the scripts")

// binaries is where TestMain puts the built lockstep.
var binaries string

// cluster is the PostgreSQL of the stories that ask for a database.
// Where no writes are counted, a plan does not wait a second to count them.
var cluster = pgtest.NewCluster(pgtest.Options{Settings: map[string]string{"track_counts": "off"}})

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(buildAndRun(m))
}

// buildAndRun builds the real binary, because it runs itself again as
// Terraform's keeper.
func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "lockstep-story-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	defer mysqlCluster.Stop()
	binaries = dir
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "lockstep"), ".")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		return 1
	}
	return cluster.Main(m)
}

// TestStories runs the stories in testdata/scripts against the built binary.
func TestStories(t *testing.T) {
	examples, err := filepath.Abs("../../testdata/changesets")
	if err != nil {
		t.Fatal(err)
	}
	leftovers, err := filepath.Abs("../../providers/database/postgres/testdata/adopt")
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir() // not the user's
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/scripts",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", binaries+string(os.PathListSeparator)+e.Getenv("PATH"))
			e.Setenv("EXAMPLES", examples)
			e.Setenv("LEFTOVERS", leftovers)
			e.Setenv("XDG_CACHE_HOME", cache)
			e.Setenv("LOCKSTEP_TERRAFORM", os.Getenv("LOCKSTEP_TERRAFORM"))
			// Terraform without the machine's own settings, and without asking home.
			e.Setenv("TF_CLI_CONFIG_FILE", os.DevNull)
			e.Setenv("CHECKPOINT_DISABLE", "1")
			e.Values[storyTest{}] = e.T()
			e.Values[storyJobs{}] = jobs{}
			e.Values[storySpared{}] = &[]string{}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":    exits,
			"begin":    begin,
			"signal":   signal,
			"ends":     ends,
			"until":    until,
			"flip":     flip,
			"cut":      cut,
			"hides":    hides,
			"capture":  capture,
			"json":     jsonValue,
			"postgres": postgres,
			"pooler":   pooler,
			"mysql":    mysql,
			"sql":      query,
			"load":     load,
			"occupy":   occupy,
			"forge":    forge,
			"trial":    trial(t),
			"identity": identity,
			"canary":   canary,
			"spared":   spared,

			"golang-migrate": golangMigrate,
		},
	})
}
