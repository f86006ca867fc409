package crashtest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// direction is where a person wants to get after a kill.
type direction struct {
	name    string
	verb    string // of the lines that are looked for on the screen
	besides string // what is added to them
}

func directions() []direction {
	return []direction{
		{name: "resume", verb: "resume"},
		{name: "roll back", verb: "abort", besides: " --with-infrastructure"},
	}
}

// patience is how many lines a person types until it must be over.
const patience = 6

// offered finds the lines that an output says to type.
var offered = regexp.MustCompile(`(?m)^ +(?:[A-Z][a-z ]+: +)?(lockstep (?:resume|abort|decide|rollback|apply) .*?)(?: {2,}.*)?$`)

// recover types what the screen says until it is over.
func (w *cloudWorld) recover(t *testing.T, d direction, answer result) trial {
	t.Helper()
	tr := trial{answer: answer}
	if !answer.killed {
		if tr.wrong = w.untrue(t, answer); tr.wrong != "" {
			return tr
		}
	}
	run := w.lastRun(t)
	if run == "" {
		tr.wrong = "there is no run:\n" + answer.output
		return tr
	}
	line := ""
	if !answer.killed {
		line = w.next(d, answer)
	}
	if answer.killed || line == "" && answer.code == exitNeedsPerson {
		line = "lockstep " + d.verb + " " + run + d.besides
	}
	for n := 0; line != "" && n < patience; n++ {
		r := w.shell(t, line+" --auto-approve")
		tr.recovery = append(tr.recovery, r)
		if tr.wrong = w.untrue(t, r); tr.wrong != "" {
			tr.wrong += w.story(tr)
			return tr
		}
		line = w.next(d, r)
	}
	if line != "" {
		tr.wrong = fmt.Sprintf("after %d lines the next one is still %q", patience, line) + w.story(tr)
	}
	return tr
}

// story is everything that was said.
func (w *cloudWorld) story(tr trial) string {
	text := "\n--- said\n" + tr.answer.output
	for _, r := range tr.recovery {
		text += fmt.Sprintf("%s(exit code %d)\n", r.output, r.code)
	}
	return text
}

// next is the line that a person types after an output, or "" when it is over.
func (w *cloudWorld) next(d direction, r result) string {
	if (r.code == 0 || r.code == exitRolledBack) && !strings.Contains(r.output, "is paused") {
		return ""
	}
	var lines []string
	for _, found := range offered.FindAllStringSubmatch(r.output, -1) {
		lines = append(lines, found[1])
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "lockstep decide ") {
			continue
		}
		if typed := w.decide(line, r.output); typed != "" {
			return typed
		}
	}
	for _, verb := range []string{d.verb, "resume"} {
		for _, line := range lines {
			if !strings.HasPrefix(line, "lockstep "+verb+" ") || strings.Contains(line, "--leave") {
				continue
			}
			if verb == d.verb && !strings.HasSuffix(line, d.besides) {
				line += d.besides
			}
			return line
		}
	}
	return ""
}

// decide fills in what a person sees in the cloud, or returns "" where the
// line speaks of another case.
func (w *cloudWorld) decide(line, output string) string {
	line = strings.Replace(line, "TEXT", "'seen in the cloud'", 1)
	there := 0
	for _, name := range []string{"a", "b", "d", "e"} {
		if !strings.Contains(output, "begun to create") || !strings.Contains(output, address(name)) {
			continue
		}
		found := w.cloud.Named("object", name)
		if len(found) == 0 {
			continue
		}
		there++
		line = strings.Replace(line, address(name)+"=ID", address(name)+"="+found[0].ID, 1)
	}
	isAbsent := strings.Contains(line, "--as absent")
	if isAbsent != (there == 0) {
		return ""
	}
	return line
}

// untrue compares what an output says with what is there; "" if it is true.
func (w *cloudWorld) untrue(t *testing.T, r result) string {
	t.Helper()
	switch r.code {
	case 0, exitRolledBack, exitNeedsPerson, exitTryAgain:
	case exitBlocked: // refused: nothing was looked at, nothing was changed
		if offered.MatchString(r.output) {
			return ""
		}
		fallthrough
	default:
		return fmt.Sprintf("exit code %d, and nothing to type:\n%s", r.code, r.output)
	}
	for _, name := range w.unknown(t) {
		if r.code != exitNeedsPerson || !strings.Contains(r.output, address(name)) {
			return fmt.Sprintf("%s exists, Terraform does not know it, and nobody is told (exit code %d):\n%s", name, r.code, r.output)
		}
	}
	if r.code == exitNeedsPerson && !offered.MatchString(r.output) {
		return "it needs a person and does not say what to type:\n" + r.output
	}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		if there := len(w.cloud.Named("object", name)); there > 1 {
			return fmt.Sprintf("%s exists %d times:\n%s", name, there, r.output)
		}
	}
	return ""
}
