package contestant

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/bench/corpus"
	"github.com/lockstep-dev/lockstep/internal/bench/process"
)

// ChangeSet is the name of the change set in Lockstep's project.
const ChangeSet = "all"

// New returns Lockstep itself. Each database is an environment of one project.
func New(program, version string) Tool {
	run := func(args ...string) func(Job) process.Command {
		return func(j Job) process.Command {
			words := []string{program}
			for _, arg := range args {
				words = append(words, strings.ReplaceAll(arg, "ENVIRONMENT", j.Database))
			}
			return process.Command{Args: words, Dir: j.Dir}
		}
	}
	return Tool{
		Name: "lockstep", Version: version, Kind: Lockstep, layout: corpus.Pairs, project: project,
		apply:  run("apply", ChangeSet, "--env", "ENVIRONMENT", "--auto-approve"),
		status: run("status"),
	}
}

func migrations(dir string) string { return filepath.Join(dir, "migrations") }

func project(dir string, server Server, databases []string) error {
	var text strings.Builder
	fmt.Fprintf(&text, `database "main" {
  driver     = "postgres"
  url        = %q
  migrations = "migrations"
}

change_set %q {
  migration "main" {
    database = database.main
  }
}
`, server("${lockstep.environment}"), ChangeSet)
	for _, name := range databases {
		fmt.Fprintf(&text, "\nenvironment %q {}\n", name)
	}
	return os.WriteFile(filepath.Join(dir, "project.lockstep.hcl"), []byte(text.String()), 0o600)
}

// WriteBackfill fills a folder with a project that changes every row of the
// table accounts in batches, with the block's own defaults.
func (t Tool) WriteBackfill(j Job) error {
	if err := os.MkdirAll(migrations(j.Dir), 0o700); err != nil {
		return err
	}
	text := fmt.Sprintf(`database "main" {
  driver     = "postgres"
  url        = %q
  migrations = "migrations"
}

environment %q {}

change_set %q {
  backfill "cents" {
    database  = database.main
    table     = "accounts"
    key       = "id"
    update    = "UPDATE accounts SET cents = balance * 100 WHERE id BETWEEN :from AND :to"
    remaining = "SELECT count(*) FROM accounts WHERE cents IS NULL"
  }
}
`, j.Server(j.Database), j.Database, ChangeSet)
	return os.WriteFile(filepath.Join(j.Dir, "project.lockstep.hcl"), []byte(text), 0o600)
}
