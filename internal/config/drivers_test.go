package config_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockstep-dev/lockstep/internal/config"
)

func TestCheckDrivers(t *testing.T) {
	t.Parallel()
	project, ds := config.Load(fstest.MapFS{"p.lockstep.hcl": {Data: []byte(`
database "a" {
  driver     = "mysql"
  url        = "mysql://root@tcp(h:1)/a"
  migrations = "a"
}
database "b" {
  driver     = "postgress"
  url        = "postgres://h/b"
  migrations = "b"
}
database "c" {
  driver     = "sqlserver"
  url        = "sqlserver://h/c"
  migrations = "c"
}
database "d" {
  driver     = "abacus"
  url        = "abacus://h/d"
  migrations = "d"
}
`)}})
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	got := project.CheckDrivers([]string{"mysql", "postgres", "sqlite"}, func(driver string) string {
		if driver == "sqlserver" {
			return "Build it in."
		}
		return ""
	})
	var lines []string
	for _, d := range got {
		lines = append(lines, d.Summary+" | "+d.Detail+" | "+d.Fix)
	}
	want := []string{
		`driver "postgress" is not in this build | This build has mysql, postgres, sqlite. | Did you mean "postgres"?`,
		`driver "sqlserver" is not in this build | This build has mysql, postgres, sqlite. | Build it in.`,
		`driver "abacus" is not in this build | This build has mysql, postgres, sqlite. | Write one of those.`,
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if got[0].Range.Start.Line != 8 {
		t.Errorf("range %+v", got[0].Range)
	}
}
