package view

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/internal/report"
	"github.com/lockstep-dev/lockstep/plans"
)

func shopReview() Review {
	return Review{Plan: shopPlan(), Digest: plans.DigestOf(nil), Saved: "shop.plan", Blocked: blocks()}
}

func TestDBAScreens(t *testing.T) {
	t.Parallel()
	bare := review() // a plan made without a rehearsal and without a survey
	codeOnly := review()
	codeOnly.Plan.Steps = codeOnly.Plan.Steps[2:4]
	tests := map[string]struct {
		review  Review
		show    func(Plan, Review) error
		columns int
	}{
		"dba_80.txt":        {shopReview(), Plan.DBA, 80},
		"dba_140.txt":       {shopReview(), Plan.DBA, 140},
		"dba_bare.txt":      {bare, Plan.DBA, 100},
		"dba_no_sql.txt":    {codeOnly, Plan.DBA, 80},
		"dba_settled.txt":   {Review{Plan: settledPlan(plans.AlreadyApplied)}, Plan.DBA, 80},
		"shop_short_80.txt": {shopReview(), Plan.Short, 80},
		"shop_full.txt":     {shopReview(), Plan.Full, 100},

		"release_80.txt":      {shopReview(), Plan.Release, 80},
		"release_120.txt":     {shopReview(), Plan.Release, 120},
		"release_bare.txt":    {bare, Plan.Release, 80},
		"release_settled.txt": {Review{Plan: settledPlan(plans.Superseded)}, Plan.Release, 80},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, buf := screen(test.columns)
			if err := test.show(Plan{out}, test.review); err != nil {
				t.Fatal(err)
			}
			fits(t, test.columns, buf.Bytes())
			golden(t, name, buf.Bytes())
		})
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Review{
		"plan.md": shopReview(), "plan_bare.md": review(), "plan_settled.md": {Plan: settledPlan(plans.AlreadyApplied)},
	} {
		out, buf := screen(80)
		if err := (Plan{out}).Markdown(r); err != nil {
			t.Fatal(err)
		}
		golden(t, name, buf.Bytes())
	}
}

// TestMarkdownFitsAComment: what is too long is left out, and said to be.
func TestMarkdownFitsAComment(t *testing.T) {
	t.Parallel()
	r := shopReview()
	for range 300 {
		r.Plan.Steps = append(r.Plan.Steps, r.Plan.Steps[1])
	}
	out, buf := screen(80)
	if err := (Plan{out}).Markdown(r); err != nil {
		t.Fatal(err)
	}
	if buf.Len() > report.MarkdownLimit {
		t.Errorf("%d bytes, a comment may have %d", buf.Len(), report.MarkdownLimit)
	}
	for _, want := range []string{"and 209 more", "left out: too long for a comment"} {
		if !strings.Contains(buf.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
}

// TestDBAIsSafeAndFits whatever the target, the files and the authors say.
func TestDBAIsSafeAndFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		foreign := func(name string) string {
			return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\x1b[31mred", "a\nb", "\u202eevil", "", "| <b> @all --> ```", strings.Repeat("long", 60)})).Draw(t, name)
		}
		r := shopReview()
		spoil(r.Plan, foreign)
		columns := rapid.IntRange(60, 160).Draw(t, "columns")
		for name, show := range map[string]func(Plan, Review) error{"dba": Plan.DBA, "release": Plan.Release, "markdown": Plan.Markdown, "short": Plan.Short} {
			out, buf := screen(columns)
			if err := show(Plan{out}, r); err != nil {
				t.Fatal(err)
			}
			own := true
			for line := range strings.Lines(buf.String()) {
				line = strings.TrimSuffix(line, "\n")
				if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Fatalf("%s: %q is not for a terminal", name, line)
				}
				own = own && !strings.HasPrefix(line, "Figures: ") // behind it stand SQL and a digest, to be copied
				if own && name == "dba" && width(line) > columns {
					t.Fatalf("%d columns on a screen of %d: %q", width(line), columns, line)
				}
			}
		}
	})
}

// spoil puts foreign text wherever a plan can have some that a DBA reads.
func spoil(plan *plans.Plan, foreign func(string) string) {
	s := &plan.Surveys[0]
	s.Server, s.Host = foreign("server"), foreign("host")
	s.Unknown, s.Transactions[0].Application, s.Replicas[0].Name = []string{foreign("unknown")}, foreign("application"), foreign("replica")
	s.Relations[2].Relation = foreign("relation")
	plan.Roles[0].Why = []string{foreign("why")}
	plan.Findings[0].Detail, plan.Findings[0].Accepted = foreign("detail"), foreign("accepted")
	step := &plan.Steps[1]
	step.Statements[0].SQL, step.Statements[0].Locks[0].Relation, step.Statements[0].File = foreign("sql"), foreign("lock"), foreign("file")
	step.Rehearsal.Differences, step.Rehearsal.Unseen, step.Rehearsal.Basis = []string{foreign("difference")}, []string{foreign("unseen")}, foreign("basis")
	step.Queries.Breaks[0].Where, step.Queries.Breaks[0].Summary, step.Queries.Breaks[0].Fix = foreign("where"), foreign("summary"), foreign("fix")
	plan.Steps[6].Migration.Irreversible = foreign("irreversible")
}

func TestDBAColourOnlyRepeatsTheWords(t *testing.T) {
	t.Parallel()
	for name, show := range map[string]func(Plan, Review) error{"dba": Plan.DBA, "release": Plan.Release} {
		plainOut, plain := screen(100)
		paintedOut, painted := screen(100)
		paintedOut.Colour = true
		if err := errors.Join(show(Plan{plainOut}, shopReview()), show(Plan{paintedOut}, shopReview())); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(painted.String(), "\x1b[") || stripEscapes(painted.String()) != plain.String() {
			t.Errorf("%s: colour changes the layout, or there is none:\n%s", name, painted)
		}
	}
}
