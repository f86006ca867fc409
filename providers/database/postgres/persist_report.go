package postgres

import (
	"fmt"
	"time"
)

// report says what a step waits for: at once when somebody is in the way who
// has been there for a while, then at growing intervals, and again when
// others are in the way.
type report struct {
	next  time.Time
	pause time.Duration
	about string
}

// Limits of a report. What has been open for less than lasting will most
// likely be gone before a person has read its name.
const (
	lasting     = time.Second
	firstReport = time.Second
	lastReport  = 30 * time.Second
)

// say reports on the budget; again is the pause before the next try, 0 when
// the step goes on asking.
func (r *report) say(b *budget, again time.Duration) {
	now := time.Now()
	about := r.identify(b.holders)
	if r.next.IsZero() {
		r.next, r.pause = b.begun.Add(firstReport), firstReport
	}
	if changed := about != "" && about != r.about; !changed && again < lasting && now.Before(r.next) {
		return
	}
	r.about = about
	r.pause = min(2*r.pause, lastReport)
	r.next = now.Add(r.pause)
	b.say("%s", b.waiting(again))
}

// sayWaiting reports on a wait that lasts, and keeps nobody else waiting.
func (r *report) sayWaiting(b *budget) {
	if now := time.Now(); now.After(r.next) {
		r.pause = min(max(2*r.pause, firstReport), lastReport)
		r.next = now.Add(r.pause)
		b.say("%s: waiting for %s; it has %s", b.what, b.wanted, nameAll(b.holders))
	}
}

// identify names the transactions that last.
func (r *report) identify(holders []holder) string {
	about := ""
	for _, h := range holders {
		if h.age >= lasting {
			about += h.transaction + " "
		}
	}
	return about
}

func (b *budget) waiting(again time.Duration) string {
	line := fmt.Sprintf("%s: waiting for locks since %s, %d tries undone, nobody queues behind them; %s; blocked by %s",
		b.what, age(time.Since(b.begun)), b.tries, b.missing(), nameAll(b.holders))
	if b.queued > 0 {
		line = fmt.Sprintf("%s: waiting for locks since %s, %d tries undone, the longest request waited %s; %s; blocked by %s",
			b.what, age(time.Since(b.begun)), b.tries, age(b.queued), b.missing(), nameAll(b.holders))
	}
	if len(b.holders) > 0 {
		line += "; to end that: " + remedies(b.holders)
	}
	if again > 0 {
		line += fmt.Sprintf("; again in %s", age(again))
	}
	return line
}
