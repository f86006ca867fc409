package crashtest

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/providers/terraform"
)

func stages() []stage {
	all := []stage{{onTerraform, localState}, {onTerraform, pgState}, {onTofu, localState}, {onTofu, pgState}}
	if !full {
		return all[:1]
	}
	return all
}

// TestKillsOfTerraform ends Lockstep, Terraform, a provider or several of them
// in the middle of a call, and goes on as the screen says; where it says that
// nobody can tell, the cloud is asked, as a person would. At the end everything
// is there once, Terraform knows it, and nothing is left running.
func TestKillsOfTerraform(t *testing.T) {
	for _, s := range stages() {
		t.Run(s.name(), func(t *testing.T) {
			if s.engine == onTofu {
				needTofu(t)
			}
			first := s.origin(t, programs.get(t, ""))
			chosen := kills()
			g := goals(t, first, chosen)
			var tl tally
			t.Run("of", func(t *testing.T) {
				for _, k := range chosen {
					t.Run(fmt.Sprintf("%s/%s/%s", k.victim.name, k.at.name, k.way.name), func(t *testing.T) {
						t.Parallel()
						tl.add(t, first.again(t).survive(t, k, g))
					})
				}
			})
			t.Logf("kills with %s: %s", s.name(), &tl)
		})
	}
}

// aKill is a victim, its moment, and where the person wants to get.
type aKill struct {
	victim victim
	at     stop
	way    direction
}

// kills are all of them, or a sample.
func kills() []aKill {
	var all []aKill
	n := 0
	for _, v := range victims() {
		for _, at := range stops() {
			for _, d := range directions() {
				if n++; n%terraformStride == 0 {
					all = append(all, aKill{v, at, d})
				}
			}
		}
	}
	return all
}

// TestNegativeControlOfTerraform makes sure that the series can fail: a binary
// that forgets what Terraform had begun to make must be caught.
func TestNegativeControlOfTerraform(t *testing.T) {
	if !full {
		t.Skip("\"make crash\" runs it")
	}
	first := stage{onTerraform, localState}.origin(t, programs.get(t, "blindprobe"))
	chosen := slices.DeleteFunc(kills(), func(k aKill) bool {
		return k.victim.name != "both, the call goes on" || k.at.call.Verb != "create" || k.at.call.At != "after"
	})
	g := goals(t, first, chosen)
	caught := 0
	for _, k := range chosen {
		tr := first.again(t).survive(t, k, g)
		if tr.wrong == "" {
			t.Errorf("%s, %s: not noticed", k.at.name, k.way.name)
			continue
		}
		caught++
		why, _, _ := strings.Cut(tr.wrong, "\n")
		t.Logf("caught, %s, %s: %s", k.at.name, k.way.name, why)
	}
	t.Logf("negative control: a probe that forgets what was begun was caught at %d of %d kills", caught, len(chosen))
	if caught == 0 {
		t.Fatal("what was lost was not noticed: the series is blind")
	}
}

// goals are the clouds that nobody disturbed, by change set: "" is the one
// before them.
func goals(t *testing.T, first *cloudWorld, chosen []aKill) map[string]string {
	t.Helper()
	g := map[string]string{"": first.cloud.Signature()}
	for _, k := range chosen {
		change := k.at.change
		if g[change] != "" {
			continue
		}
		w := first.again(t)
		if r := w.lockstep(t, crash{}, "apply", change, "--env", "dev", "--auto-approve"); r.code != 0 {
			t.Fatalf("the undisturbed %s ended with exit code %d:\n%s", change, r.code, r.output)
		}
		g[change] = w.cloud.Signature()
		if wrong := w.whole(t, g[change]); wrong != "" {
			t.Fatalf("the undisturbed %s: %s", change, wrong)
		}
	}
	return g
}

// survive kills, recovers, and says what is wrong then.
func (w *cloudWorld) survive(t *testing.T, k aKill, g map[string]string) trial {
	t.Helper()
	answer := w.kill(t, k.victim, k.at)
	tr := w.recover(t, k.way, answer)
	tr.at = k.victim.name + ", " + k.at.name
	if tr.wrong != "" {
		return tr
	}
	tr.wrong = w.whole(t, g[tr.reached(k.at.change)])
	if tr.wrong == "" {
		tr.wrong = w.once(t, k.at.change, g[k.at.change])
	}
	if tr.wrong != "" {
		tr.wrong += w.story(tr)
	}
	return tr
}

// reached is the change set that is there by the last word that was said: "" for
// none. What has no way back goes forward.
func (tr trial) reached(change string) string {
	last := tr.answer
	for _, r := range tr.recovery {
		last = r
	}
	if last.code == exitRolledBack || strings.Contains(last.output, "was rolled back") {
		return ""
	}
	return change
}

// once says what was made more than once, and what is left to do where the
// change is there.
func (w *cloudWorld) once(t *testing.T, change, applied string) string {
	t.Helper()
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		if made := w.cloud.EverMade("object", name); made > 1 {
			return fmt.Sprintf("%s was made %d times", name, made)
		}
	}
	if w.cloud.Signature() != applied {
		return ""
	}
	r := w.lockstep(t, crash{}, "plan", change, "--env", "dev")
	if r.code != 0 || !regexp.MustCompile("(?i)nothing to do|already").MatchString(r.output) {
		return "there is something left to do:\n" + r.output
	}
	return ""
}

// needTofu skips, and says so, where no OpenTofu is named.
func needTofu(t *testing.T) {
	t.Helper()
	if os.Getenv(terraform.TofuVariable) == "" {
		t.Skipf("%s is not set: nothing was killed under OpenTofu; \"make crash\" finds or builds it", terraform.TofuVariable)
	}
}
