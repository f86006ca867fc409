package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPurposes(t *testing.T) {
	t.Parallel()
	var commands []metered
	for _, line := range []string{
		"version", "init -input=false", "plan -input=false -out=plan", "show -json plan", "back init", "back plan -refresh=false", "back show -json plan",
		"plan -json -refresh-only", "show -json refreshed", "apply -json plan", "init",
	} {
		folder := "/project/.lockstep/work/dev/infra/tree/infra"
		if rest, back := strings.CutPrefix(line, "back "); back {
			folder, line = "/project/.lockstep/work/dev/infra/back/work/tree/infra", rest
		}
		commands = append(commands, metered{Args: strings.Fields(line), Folder: folder})
	}
	want := []purpose{
		forOther, asByHand, asByHand, asByHand, forWayBack, forWayBack, forWayBack,
		forDrift, forDrift, asByHand, forOther,
	}
	if got := purposesOf(commands); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMeter(t *testing.T) {
	t.Parallel()
	engine := filepath.Join(t.TempDir(), "engine.sh")
	if err := os.WriteFile(engine, []byte("#!/bin/sh\necho Engine v1 $2; test \"$1\" = version\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	m, err := newMeter(t.Context(), filepath.Join(t.TempDir(), "meter"), engine)
	if err != nil || m.version != "Engine v1 " && m.version != "Engine v1" {
		t.Fatalf("got %+v, %v", m, err)
	}
	s := stand{lab: &lab{}, dir: t.TempDir(), meter: m}
	command := s.byHand(t.TempDir(), "big")
	if script := command.Args[2]; strings.Count(script, m.binary()+" ") != len(fourCommands()) || !strings.Contains(script, "size=big") {
		t.Errorf("by hand is %s", script)
	}
	if list, err := m.take(); len(list) != 0 || err != nil {
		t.Errorf("the first question was not taken away: %v, %v", list, err)
	}
}

func TestWhatLockstepAddsIsJudged(t *testing.T) {
	t.Parallel()
	took := func(milliseconds ...int) (list []spent) {
		for _, n := range milliseconds {
			d := time.Duration(n) * time.Millisecond
			list = append(list, spent{d, d})
		}
		return list
	}
	var out strings.Builder
	c := &change{about: "a change", hand: took(1000, 1000, 1000), total: took(1400, 1500, 1300), own: took(90, 100, 80)}
	c.parts[asByHand], c.parts[forDrift] = took(1000, 1100, 920), took(310, 300, 300)
	c.counts[asByHand], c.counts[forDrift] = 4, 1
	c.print(stand{lab: &lab{out: &out}})
	for _, want := range []string{"| Lockstep | 5 |", "the look for drift", "Lockstep itself: time 9 %, reached", "nobody runs by hand: time 40 %, MISSED"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, out.String())
		}
	}
}
