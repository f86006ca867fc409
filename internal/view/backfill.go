package view

import (
	"fmt"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/lockstep-dev/lockstep/internal/rollout"
	"github.com/lockstep-dev/lockstep/plans"
)

// backfill writes how a backfill goes about its rows.
func backfill(p *page, s *plans.Step) {
	b := s.Backfill
	if b == nil {
		return
	}
	labelled(p, "table", fmt.Sprintf("%s, in order of %s; %s", safe(b.Table), safe(b.Key), estimate(b.Rows)))
	labelled(p, "batches", fmt.Sprintf("up to %s keys, each a transaction with its place in the table; the size adapts to %s a batch, and a fifth of the time it rests",
		grouped(int64(b.Batch)), brief(duration(b.BatchDuration))))
	labelled(p, "row locks", "those of one batch, as long as it lasts; a batch that meets a locked row is undone and tried smaller")
	if b.MaxLag > 0 {
		labelled(p, "replicas", "it holds while one is more than "+brief(duration(b.MaxLag))+" behind")
	}
	remaining := "nothing is counted: it ends behind the last key that the table has when it begins"
	if b.Remaining != "" {
		remaining = "must be 0: " + safe(b.Remaining)
	}
	labelled(p, "remaining", remaining)
	repeatable := "no row is gone over twice, whatever happens"
	if b.Repeatable {
		repeatable = "the author says that the update may run twice over a row; rows that are left are gone over again"
	}
	labelled(p, "repeatable", repeatable)
	labelled(p, "begins anew", safe(b.Again))
	labelled(p, "interrupted", "it goes on behind its last batch")
}

func estimate(e *plans.RowEstimate) string {
	if e == nil {
		return "how many rows it has is not known"
	}
	return fmt.Sprintf("%s rows (%s: %s)", grouped(e.Count), safe(e.Source), safe(e.From))
}

func grouped(n int64) string { return message.NewPrinter(language.English).Sprintf("%d", n) }

// repeats reports whether an event says only how far something has come:
// where nobody redraws, a line now and then is enough.
func repeats(e rollout.Event) bool {
	switch e.Kind {
	case rollout.BakeProgressed:
		return true
	case rollout.CheckSampled:
		return e.Sample == nil || e.Sample.Green
	case rollout.StepProgress:
		return len(e.Figures) > 0
	}
	return false
}

// figuresOf are the figures that a line shows; those of progress stand in its
// message.
func figuresOf(e rollout.Event) map[string]any {
	if e.Kind == rollout.StepProgress {
		return nil
	}
	return e.Figures
}
