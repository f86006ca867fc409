package report

import (
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

func TestGoldens(t *testing.T) {
	t.Parallel()
	r := fixture()
	for name, write := range map[string]func() ([]byte, error){
		"lint.json":         func() ([]byte, error) { return JSON(r) },
		"lint_empty.json":   func() ([]byte, error) { return JSON(Report{}) },
		"lint.sarif":        func() ([]byte, error) { return SARIF(r) },
		"lint_empty.sarif":  func() ([]byte, error) { return SARIF(Report{}) },
		"lint.gitlab.json":  func() ([]byte, error) { return GitLab(r) },
		"lint_empty.gitlab": func() ([]byte, error) { return GitLab(Report{}) },
		"lint.junit.xml":    func() ([]byte, error) { return JUnit(r, plans.SeverityWarning) },
		"lint_none.junit":   func() ([]byte, error) { return JUnit(r, "none") },
		"lint.github":       func() ([]byte, error) { return GitHub(r), nil },
		"lint.md":           func() ([]byte, error) { return Markdown(r, MarkdownLimit), nil },
		"lint_empty.md":     func() ([]byte, error) { return Markdown(Report{Statements: r.Statements}, MarkdownLimit), nil },
		"lint.txt":          func() ([]byte, error) { return Text(r, Screen{Width: 100}), nil },
		"lint_60.txt":       func() ([]byte, error) { return Text(r, Screen{Width: 60}), nil },
		"lint_colour.txt":   func() ([]byte, error) { return Text(r, Screen{Width: 100, Colour: true}), nil },
		"lint_empty.txt":    func() ([]byte, error) { return Text(Report{Statements: r.Statements}, Screen{}), nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := write()
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, got)
		})
	}
}
