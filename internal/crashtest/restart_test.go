package crashtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockstep-dev/lockstep/internal/faultproxy"
	"github.com/lockstep-dev/lockstep/internal/pgtest"
)

// restart is a place at which the server ends as with "pg_ctl restart -m
// immediate" and begins anew.
type restart struct {
	name string
	// fault is a message of the client; its Number is 0 where point is meant.
	fault faultproxy.Fault
	point int // of failpoints, at which Lockstep stands still meanwhile
}

// TestServerRestarts ends the server at the messages and failpoints of a
// migration up and down.
func TestServerRestarts(t *testing.T) {
	tallies := map[string]*tally{"apply": {}, "rollback": {}, "backfill": {}, "rows": {}}
	t.Run("all", func(t *testing.T) {
		for worker := range restartWorkers {
			t.Run(fmt.Sprint("server ", worker), func(t *testing.T) {
				t.Parallel()
				restartOften(t, worker, tallies)
			})
		}
	})
	for name, tl := range tallies {
		t.Logf("restarts of the server during %s: %s", name, tl)
	}
}

// restartOften takes every restartWorkers-th place on a server of its own,
// because a restart disturbs everyone.
func restartOften(t *testing.T, worker int, tallies map[string]*tally) {
	t.Helper()
	server, err := pgtest.Start(pgtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	for _, j := range journeys(t, server) {
		for i, r := range j.restarts(t) {
			if i%restartWorkers == worker {
				t.Run(j.name+"/"+r.name, func(t *testing.T) { tallies[j.name].add(t, j.restart(t, r)) })
			}
		}
	}
}

// restarts lists the places: every message of the client, before it or behind
// it in turns, and every failpoint of the database's provider.
func (j *journey) restarts(t *testing.T) []restart {
	t.Helper()
	said := j.dryRun(t)
	var all []restart
	for i := 0; i < len(said[faultproxy.Client]); i += restartStride {
		fault := faultproxy.Fault{From: faultproxy.Client, Number: i + 1, Before: i/restartStride%2 == 0}
		all = append(all, restart{name: nameOf(fault, said), fault: fault})
	}
	met := 0
	for i, name := range j.points(t) {
		if !strings.HasPrefix(name, "postgres: ") && !strings.HasPrefix(name, "database: ") {
			continue
		}
		if met++; full || met%13 == 3 {
			all = append(all, restart{name: fmt.Sprintf("point %03d %s", i+1, name), point: i + 1})
		}
	}
	return all
}

// restart disturbs one journey.
func (j *journey) restart(t *testing.T, r restart) trial {
	t.Helper()
	w := j.from.again(t)
	p := w.behind(t)
	up := make(chan struct{})
	again := func() {
		defer close(up)
		if err := w.server.Restart(pgtest.Options{}); err != nil {
			t.Error(err)
			return
		}
		w.useIDs(t)
	}
	var answer result
	at := "not reached"
	if r.point > 0 {
		var stood bool
		if answer, stood = w.stopped(t, r.point, again, j.args(t, w)...); stood {
			at = r.name[len("point 000 "):]
		}
	} else {
		r.fault.Keep, r.fault.Do = true, again
		p.Arm(r.fault)
		answer = w.lockstep(t, crash{}, j.args(t, w)...)
		if m, happened := p.Happened(); happened {
			<-up // the command may have ended before
			at = "message: " + ids.ReplaceAllString(m.String(), "N")
		}
		p.Arm(faultproxy.Fault{})
	}
	tr := j.finish(t, w, answer)
	tr.at = at
	return tr
}

// useIDs commits transactions of somebody else. After a crash the server gives
// the ids of transactions that left no trace to others.
func (w *world) useIDs(t *testing.T) {
	t.Helper()
	ask(t, w.url, `DO $$ BEGIN FOR i IN 1..20 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`)
}

// stopped runs the binary, does something while it stands still at a point,
// and lets it go on. A point that another pace of the batches has done away
// with is not reached.
func (w *world) stopped(t *testing.T, point int, meanwhile func(), args ...string) (r result, stood bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	cmd := w.command(ctx, crash{at: point, stop: true}, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if stood = standsStill(ctx, cmd.Process.Pid); stood {
		meanwhile()
		if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return result{code: cmd.ProcessState.ExitCode(), output: "$ lockstep " + strings.Join(args, " ") + "\n" + out.String()}, stood
}

// standsStill waits until the process is stopped; false when it has ended.
func standsStill(ctx context.Context, pid int) bool {
	for ctx.Err() == nil {
		var info unix.Siginfo
		if err := unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT|unix.WNOHANG, nil); err != nil {
			return false
		}
		switch info.Code {
		case cldStopped:
			return true
		case 0:
			time.Sleep(5 * time.Millisecond)
		default:
			return false
		}
	}
	return false
}

// cldStopped is a child's state as waitid(2) tells it.
const cldStopped = 5
