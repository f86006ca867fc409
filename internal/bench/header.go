package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/bench/contestant"
	"github.com/lockstep-dev/lockstep/internal/bench/figures"
)

// header says what was measured with what on what.
func (l *lab) header(ctx context.Context) error {
	fmt.Fprintf(l.out, "# Lockstep's measurements, %s\n\n", time.Now().UTC().Format("2006-01-02 15:04 MST"))
	fmt.Fprintf(l.out, "- machine: %s, %d processors, %s of memory, %s %s, %s\n",
		field("/proc/cpuinfo", "model name"), runtime.NumCPU(), memory(), runtime.GOOS, runtime.GOARCH, kernel())
	fmt.Fprintf(l.out, "- built with %s from %s\n", runtime.Version(), commit(ctx))
	if l.server == nil {
		return nil
	}
	if err := l.headerOfServer(ctx); err != nil {
		return err
	}
	tools := []contestant.Tool{l.lockstep, l.psql}
	var names []string
	for _, t := range append(tools, l.peers...) {
		if t.Kind == contestant.Floor {
			t.Name = "psql"
		}
		names = append(names, t.String())
	}
	fmt.Fprintf(l.out, "- tools: %s\n", strings.Join(names, ", "))
	for _, m := range l.missing {
		fmt.Fprintf(l.out, "- not measured: %s: %s\n", m.Name, m.Reason)
	}
	fmt.Fprintf(l.out, "- every figure is measured in this run unless its line says otherwise; min / median / max of the rounds; time is that of the whole process\n")
	return nil
}

func (l *lab) headerOfServer(ctx context.Context) error {
	var version string
	if err := l.server.ask(ctx, "postgres", "SELECT current_setting('server_version')", &version); err != nil {
		return err
	}
	var list []string
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "checkpoint_timeout", "max_connections", "max_locks_per_transaction", "autovacuum"} {
		var value string
		if err := l.server.ask(ctx, "postgres", "SELECT current_setting('"+name+"')", &value); err != nil {
			return err
		}
		list = append(list, name+" "+value)
	}
	sync, err := syncTime(filepath.Dir(l.server.Log()))
	if err != nil {
		return err
	}
	fmt.Fprintf(l.out, "- PostgreSQL %s on a unix socket: %s\n- fsync of 8 kB on its disk: %s\n", version, strings.Join(list, ", "), milliseconds(sync))
	return nil
}

// syncTime is how long the disk takes to make a page durable.
func syncTime(dir string) (figures.Spread[time.Duration], error) {
	var none figures.Spread[time.Duration]
	file, err := os.CreateTemp(dir, "sync-")
	if err != nil {
		return none, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	var rounds []time.Duration
	for range 50 {
		if _, err := file.WriteAt(make([]byte, 8192), 0); err != nil {
			return none, err
		}
		start := time.Now()
		if err := file.Sync(); err != nil {
			return none, err
		}
		rounds = append(rounds, time.Since(start))
	}
	return figures.Of(rounds), nil
}

// field is a value of a file of lines "name: value", where there is one.
func field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown " + name
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown " + name
}

func memory() string {
	kilobytes, err := strconv.ParseInt(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 10, 64)
	if err != nil {
		return "an unknown amount"
	}
	return fmt.Sprintf("%.1f GB", float64(kilobytes)/(1<<20))
}

func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown kernel"
	}
	return "kernel " + strings.TrimSpace(string(text))
}

func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "an unknown commit"
	}
	return "commit " + strings.TrimSpace(string(out))
}

// busyBefore is the share of the processors that others use, watched for a
// moment in which we do nothing.
func busyBefore() string {
	before, ok := processorTime()
	if !ok {
		return "unknown"
	}
	time.Sleep(time.Second)
	after, ok := processorTime()
	if !ok || after.all == before.all {
		return "unknown"
	}
	return fmt.Sprintf("%.0f %% of the processors", 100*float64(after.busy-before.busy)/float64(after.all-before.all))
}

type ticks struct{ busy, all int64 }

// processorTime reads the first line of /proc/stat: user, nice, system, idle,
// iowait and more, in ticks.
func processorTime() (ticks, bool) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return ticks{}, false
	}
	line, _, _ := strings.Cut(string(text), "\n")
	var t ticks
	for i, word := range strings.Fields(line)[1:] {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil || i > 7 {
			break // guests are part of user time
		}
		t.all += n
		if i != 3 && i != 4 {
			t.busy += n
		}
	}
	return t, t.all > 0
}
