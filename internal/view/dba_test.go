package view

import (
	"strings"
	"testing"

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
