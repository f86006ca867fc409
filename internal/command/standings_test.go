package command

import (
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/journal"
)

func TestAnyOpenRunCounts(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	runs := []journal.Run{
		{ID: "r-1", ChangeSet: "a", Environment: "dev", Kind: journal.Apply, State: journal.Waiting, Updated: at},
		{ID: "r-2", ChangeSet: "a", Environment: "dev", Kind: journal.Apply, State: journal.Succeeded, Released: at, Content: "x", Updated: at},
		{ID: "r-3", ChangeSet: "b", Environment: "dev", Kind: journal.Revert, Of: "r-0", State: journal.NeedsPerson, Rollback: new(journal.Rollback), Updated: at},
		{ID: "r-4", ChangeSet: "a", Environment: "other", Kind: journal.Apply, State: journal.Succeeded, Updated: at},
	}
	all := standingsFrom(runs)
	dev := all["dev"]
	if dev.OpenRun == nil || dev.OpenRun.Run != "r-1" || dev.OpenRun.State != "waiting" {
		t.Errorf("open: %+v", dev.OpenRun)
	}
	if _, ok := dev.Unfinished["a"]; ok || !dev.Unfinished["b"].Undoing {
		t.Errorf("unfinished: %+v", dev.Unfinished)
	}
	if all["other"].OpenRun != nil {
		t.Errorf("other: %+v", all["other"].OpenRun)
	}
}
