package planning

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"syscall"
	"time"

	"github.com/lockstep-dev/lockstep/internal/command"
)

// ownTimeGoal is the time of its own that a plan may take.
const ownTimeGoal = 500 * time.Millisecond

// scenario is one command at several sizes, each twice the one before.
type scenario struct {
	name, about string
	sizes       []int
	goal        time.Duration // 0 when there is none
	args        []string
	// prepare fills dir with a project of the size.
	prepare func(b bench, dir string, size int) error
}

type bench struct {
	binary string
	dir    string
	rounds int
	out    io.Writer
}

// figures are the times of one size.
type figures struct {
	size    int
	process []time.Duration // from start to end, the operating system's part included
	cpu     []time.Duration // of the process: user and system, all threads
	inside  []time.Duration // the same command inside of this process
	used    []time.Duration // its user and system time
}

func (b bench) scenario(s scenario) error {
	var all []figures
	for _, size := range s.sizes {
		dir := filepath.Join(b.dir, fmt.Sprintf("%s-%d", s.name, size))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		if err := s.prepare(b, dir, size); err != nil {
			return fmt.Errorf("prepare size %d: %w", size, err)
		}
		f, err := b.measure(dir, s.args)
		if err != nil {
			return fmt.Errorf("size %d: %w", size, err)
		}
		f.size = size
		all = append(all, f)
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return report(b.out, s, all)
}

// measure runs the command once to warm up, then the rounds.
func (b bench) measure(dir string, args []string) (figures, error) {
	var f figures
	for i := range b.rounds + 1 {
		wall, cpu, err := b.process(dir, args)
		if err != nil {
			return f, err
		}
		inside, used, err := b.inside(dir, args)
		if err != nil {
			return f, err
		}
		if i > 0 {
			f.process, f.cpu = append(f.process, wall), append(f.cpu, cpu)
			f.inside, f.used = append(f.inside, inside), append(f.used, used)
		}
	}
	for _, list := range [][]time.Duration{f.process, f.cpu, f.inside, f.used} {
		slices.Sort(list)
	}
	return f, nil
}

func (b bench) process(dir string, args []string) (wall, cpu time.Duration, err error) {
	cmd := exec.CommandContext(context.Background(), b.binary, args...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("lockstep %v: %w\n%s", args, err, out.Bytes())
	}
	return time.Since(start), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

func (b bench) inside(dir string, args []string) (wall, cpu time.Duration, err error) {
	runtime.GC() // what the last round left is not this one's
	var out bytes.Buffer
	host := command.Host{Stdin: os.Stdin, Stdout: &out, Stderr: &out, Environ: os.Environ(), Self: b.binary}
	before, err := used()
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	if code := command.Main(append([]string{"--chdir", dir, "--no-input"}, args...), host); code != 0 {
		return 0, 0, fmt.Errorf("lockstep %v: exit code %d\n%s", args, code, out.Bytes())
	}
	wall = time.Since(start)
	after, err := used()
	return wall, after - before, err
}

// used is the processor time that this process has used so far.
func used() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, fmt.Errorf("read the processor time: %w", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}

func startProfile(path string) (stop func() error, err error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, err
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}
