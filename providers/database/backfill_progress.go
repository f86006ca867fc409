package database

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/lockstep-dev/lockstep/plans"
)

// progressEvery is how often progress is reported.
const progressEvery = 2 * time.Second

// progress is how far a pass has come, and how fast.
type progress struct {
	total     int64 // rows of the table; 0 when not known
	exact     bool
	startKeys int64 // keys passed before this process
	started   time.Time
	said      time.Time
}

func (p *progress) begin(cursor Cursor, rows *plans.RowEstimate) {
	*p = progress{startKeys: cursor.Keys, started: time.Now()}
	if rows != nil {
		p.total, p.exact = rows.Count, rows.Source == "measured"
	}
}

// rate is in keys a second; 0 as long as there is nothing to tell from.
func (p *progress) rate(keys int64) float64 {
	seconds := time.Since(p.started).Seconds()
	if seconds <= 0 {
		return 0
	}
	return float64(keys-p.startKeys) / seconds
}

// left is the time until the end at this rate; negative when not known.
func (p *progress) left(keys int64) time.Duration {
	rate := p.rate(keys)
	if rate <= 0 || p.total <= keys {
		return -1
	}
	return time.Duration(float64(p.total-keys) / rate * float64(time.Second))
}

// progressed moves the cursor of this process and reports now and then.
func (l *lap) progressed(next Cursor) {
	l.figures.batches++
	l.figures.keys += next.Keys - l.cursor.Keys
	l.figures.rows += next.Rows - l.cursor.Rows
	l.cursor = next
	p := &l.report
	if l.request.Measure == nil || time.Since(p.said) < progressEvery {
		return
	}
	p.said = time.Now()
	figures := map[string]any{
		"keys": next.Keys, "rows": next.Rows, "batch": l.pace.size, "last_key": *next.LastKey,
		"rows_per_second": int64(p.rate(next.Keys)), "pass": next.Pass,
	}
	if p.total > 0 {
		figures["rows_total"] = p.total
	}
	if left := p.left(next.Keys); left >= 0 {
		figures["seconds_left"] = int64(left.Seconds() + 1)
	}
	if l.replicas.lag.Replicas > 0 && !l.replicas.lag.Hidden {
		figures["lag_ms"] = l.replicas.lag.Worst.Milliseconds()
	}
	l.request.Measure(l.line(next), figures)
}

// line is progress for people.
func (l *lap) line(at Cursor) string {
	p := l.report
	var parts []string
	switch {
	case p.total <= 0:
		parts = append(parts, rowsOf(at.Keys))
	case p.exact:
		parts = append(parts, fmt.Sprintf("%s of %s (%d %%)", grouped(at.Keys), rowsOf(p.total), min(at.Keys*100/p.total, 100)))
	default:
		parts = append(parts, fmt.Sprintf("%s of about %s (%d %%)", grouped(at.Keys), rowsOf(p.total), min(at.Keys*100/p.total, 100)))
	}
	if at.Pass > 1 {
		parts = append(parts, fmt.Sprintf("pass %d", at.Pass))
	}
	parts = append(parts, rowsOf(int64(p.rate(at.Keys)))+"/s")
	if left := p.left(at.Keys); left >= 0 {
		parts = append(parts, "about "+max(left.Round(time.Second), time.Second).String()+" left")
	}
	if lag := l.replicas.lag; lag.Replicas > 0 && !lag.Hidden {
		parts = append(parts, "lag "+lag.Worst.Round(100*time.Millisecond).String())
	}
	return strings.Join(parts, ", ")
}

// summary is what the step did, in one line.
func (f *filling) summary(cursor Cursor) string {
	text := rowsOf(cursor.Rows) + " changed in " + grouped(cursor.Batches) + " batches"
	if cursor.Batches == 1 {
		text = rowsOf(cursor.Rows) + " changed in 1 batch"
	}
	if f.spec.Remaining == "" {
		return text + "; what is left was not counted"
	}
	return text + ", none left"
}

// measured are the figures of the whole backfill and of this process's part.
func (f *filling) measured(cursor Cursor) map[string]any {
	return map[string]any{
		"rows": cursor.Rows, "batches": cursor.Batches, "passes": cursor.Pass, "keys": f.figures.keys,
		"batches_crowded": f.figures.crowded, "connections_lost": f.figures.lost, "held_ms": f.figures.held.Milliseconds(),
	}
}

func grouped(n int64) string { return message.NewPrinter(language.English).Sprintf("%d", n) }

// rowsOf writes a number of rows: "1,200,000 rows".
func rowsOf(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return grouped(n) + " rows"
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
