package planning

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const head = `
database "main" {
  driver     = "sqlite"
  url        = "sqlite://main.db"
  migrations = "migrations"
}

environment "dev" {}
`

// write makes files of a project, with their folders.
func write(dir, name, text string) error {
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

// projectOfSteps has as many steps of each kind: migrations, artifacts,
// deployments and checks. Deployments stand in chains of ten.
func projectOfSteps(_ bench, dir string, size int) error {
	var body strings.Builder
	for i := range size / 4 {
		fmt.Fprintf(&body, `
  artifact "file" "a%[1]d" {
    path = "build/a%[1]d"
  }
  deployment "directory" "a%[1]d" {
    artifact = artifact.file.a%[1]d
    path     = "run/a%[1]d"
    environment_variables = {
      PINNED = artifact.file.a%[1]d.pinned
    }
%[2]s  }
  check "http" "a%[1]d" {
    url = "http://127.0.0.1:1/a%[1]d"
    assert {
      condition     = self.status_code == 200
      error_message = "a%[1]d is not ready: HTTP ${self.status_code}"
    }
  }
`, i, after(i))
		if err := write(dir, fmt.Sprintf("build/a%d", i), fmt.Sprintf("program %d", i)); err != nil {
			return err
		}
	}
	if err := migrations(dir, 1, size/4); err != nil {
		return err
	}
	return write(dir, "project.lockstep.hcl", head+changeSet(body.String()))
}

func after(i int) string {
	if i%10 == 0 {
		return ""
	}
	return fmt.Sprintf("    depends_on = [deployment.directory.a%d]\n", i-1)
}

func projectOfPending(_ bench, dir string, size int) error {
	if err := migrations(dir, 1, size); err != nil {
		return err
	}
	return write(dir, "project.lockstep.hcl", head+changeSet(""))
}

func changeSet(body string) string {
	return fmt.Sprintf(`
change_set "all" {
  migration "main" {
    database = database.main
  }
%s}
`, body)
}

// migrations writes the files from one version to another, in both directions.
func migrations(dir string, from, to int) error {
	for version := from; version <= to; version++ {
		for direction, text := range map[string]string{"up": up(version), "down": down(version)} {
			if err := write(dir, migration(version, direction), text); err != nil {
				return err
			}
		}
	}
	return nil
}

func migration(version int, direction string) string {
	return fmt.Sprintf("migrations/%05d_orders_%d.%s.sql", version, version, direction)
}

func up(version int) string {
	return fmt.Sprintf(`-- Orders of shop %[1]d.
CREATE TABLE orders_%[1]d (
  id    integer PRIMARY KEY,
  state text NOT NULL DEFAULT 'new',
  total numeric NOT NULL CHECK (total >= 0)
);
CREATE INDEX orders_%[1]d_state ON orders_%[1]d (state);
`, version)
}

func down(version int) string { return fmt.Sprintf("DROP TABLE orders_%d;\n", version) }
