package directory_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gofrs/flock"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

func mustDecode(t *testing.T, raw json.RawMessage, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

func with(t *testing.T, settings json.RawMessage, name string, value any) json.RawMessage {
	t.Helper()
	block := map[string]any{}
	mustDecode(t, settings, &block)
	block[name] = value
	b, err := json.Marshal(block)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s *site) applyError(t *testing.T, settings json.RawMessage, want string) {
	t.Helper()
	_, err := s.provider(t).Apply(t.Context(), s.request(t, settings))
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("Apply returns %v, expected an error with %q", err, want)
	}
	if strings.Contains(err.Error(), canary) {
		t.Errorf("the error gives the secret away: %v", err)
	}
}

func packed(t *testing.T, files map[string]string) string {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	w := tar.NewWriter(z)
	for name, content := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func TestArchiveIsUnpacked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(t, s.settings(t, "srv", "app.tar.gz", packed(t, map[string]string{"bin/api": "program", "conf/api": "conf"})))
	b, err := os.ReadFile(filepath.Join(s.root, "srv/current/bin/api"))
	if err != nil || string(b) != "program" {
		t.Errorf("current/bin/api holds %q, %v", b, err)
	}
}

func TestHostileArchiveChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(t, s.settings(t, "srv", "one", "release one"))
	before := s.signature(t, "srv")
	s.applyError(t, s.settings(t, "srv", "bad.tar.gz", packed(t, map[string]string{"../../victim": "x"})), `".."`)
	s.applyError(t, s.settings(t, "srv", "bad.tar.xz", "x"), "not supported")
	if after := s.signature(t, "srv"); after != before {
		t.Errorf("the folder was\n%s\nand is\n%s", before, after)
	}
}

func TestWrongBytesAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	settings := s.settings(t, "srv", "one", "release one")
	write(t, filepath.Join(s.root, "build/one"), "something else")
	s.applyError(t, settings, "are not here")
}

func TestAlteredReleaseIsNotReplaced(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one := s.settings(t, "srv", "one", "release one")
	s.deploy(t, one)
	req := s.request(t, s.settings(t, "srv", "two", "release two"))
	write(t, filepath.Join(s.root, "srv/current/one"), "mended by hand")
	if _, err := s.provider(t).Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), "restore it, or remove the link") {
		t.Errorf("Apply returns %v, expected a refusal", err)
	}
	_, err := s.provider(t).Observe(t.Context(), providers.ObserveRequest{Address: address, Settings: one})
	if err == nil || !strings.Contains(err.Error(), `"one"`) {
		t.Errorf("Observe returns %v, expected the altered file's name", err)
	}
}

func TestForeignLinkIsKept(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(string) error{
		"link":   func(path string) error { return os.Symlink("/opt/api", path) },
		"folder": func(path string) error { return os.Mkdir(path, 0o755) },
		"parent": func(path string) error { return os.Symlink("releases/../../etc", path) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			settings := s.settings(t, "srv", "one", "release one")
			if err := errors.Join(os.Mkdir(filepath.Join(s.root, "srv"), 0o755), make(filepath.Join(s.root, "srv/current"))); err != nil {
				t.Fatal(err)
			}
			p := s.provider(t)
			if _, err := p.Observe(t.Context(), providers.ObserveRequest{Settings: settings}); err == nil || !strings.Contains(err.Error(), "move it away") {
				t.Errorf("Observe returns %v, expected a refusal", err)
			}
			req := providers.Request{Step: plans.Step{Address: address}, Settings: settings}
			if _, err := p.Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), "move it away") {
				t.Errorf("Apply returns %v, expected a refusal", err)
			}
		})
	}
}

func TestKeepsNReleases(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range 6 {
		s.deploy(t, with(t, s.settings(t, "srv", fmt.Sprint("r", i), fmt.Sprint("release ", i)), "keep", 2))
	}
	found, err := filepath.Glob(filepath.Join(s.root, "srv/releases/*.manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	// Release 3 was "previous" when the last plan was made: a rollback needs it.
	if len(found) != 3 {
		t.Errorf("%d releases are kept, expected current, previous and the one before: %v", len(found), found)
	}
	for _, i := range []int{3, 4, 5} {
		if _, err := os.Stat(filepath.Join(s.root, "srv/releases", plans.DigestOf(fmt.Append(nil, "release ", i)).Hex())); err != nil {
			t.Errorf("release %d: %v", i, err)
		}
	}
}

// The earlier release runs again as it ran before: it may not know the new
// one's variables.
func TestRollbackStartsTheEarlierReleaseAsBefore(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		known bool
		want  string
	}{
		"known":     {true, "one"},
		"not known": {false, "two"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			settings := func(release string) json.RawMessage {
				block := s.settings(t, "srv", release, "release "+release)
				block = with(t, block, "environment_variables", map[string]string{"GREETING": release})
				return with(t, block, "restart_command", []string{"sh", "-c", `printf %s "$GREETING" > started`})
			}
			s.deploy(t, settings("one"))
			req := s.request(t, settings("two"))
			if _, err := s.provider(t).Apply(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			var said []string
			req.Progress = func(line string) { said = append(said, line) }
			if tc.known {
				req.Previous = settings("one")
			}
			if _, err := s.provider(t).Rollback(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(s.root, "started"))
			if err != nil || string(got) != tc.want {
				t.Errorf("started with %q (%v), expected %q", got, err, tc.want)
			}
			if warned := strings.Contains(strings.Join(said, "\n"), "is not known"); warned == tc.known {
				t.Errorf("said %q", said)
			}
		})
	}
}

func TestOutputIsKeptWithoutSecrets(t *testing.T) {
	t.Parallel()
	for _, fails := range []bool{false, true} {
		s := newSite(t)
		s.restart = true
		settings := s.settings(t, "srv", "one", "release one")
		if fails {
			write(t, filepath.Join(s.root, "srv.running.fail"), "")
			s.applyError(t, settings, "exit code 1")
		} else {
			s.deploy(t, settings)
		}
		log, err := os.ReadFile(filepath.Join(s.root, "srv/releases", plans.DigestOf([]byte("release one")).Hex()+".log"))
		if want := "password is " + strings.Repeat("*", len(canary)) + "\n"; err != nil || string(log) != want {
			t.Errorf("fails %v: the log holds %q (%v), expected %q", fails, log, err, want)
		}
	}
}

func TestFailingRestartSaysWhy(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.restart = true
	settings := s.settings(t, "srv", "one", "release one")
	write(t, filepath.Join(s.root, "srv.running.fail"), "")
	s.applyError(t, settings, "ended with exit code 1; its output ends with:\npassword is ***")
	req := s.request(t, settings)
	report, err := s.provider(t).Probe(t.Context(), req)
	if err != nil || report.Verdict != providers.Partial {
		t.Errorf("Probe says %q (%s), %v, expected partial", report.Verdict, report.Detail, err)
	}
}

func TestCommandsThatCannotRun(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		command []string
		timeout string
		want    string
	}{
		"missing":      {[]string{"no-such-program"}, "30s", "executable file not found"},
		"no file":      {[]string{"./nothing.sh"}, "30s", "no such file"},
		"no shell":     {[]string{"true && echo"}, "30s", "executable file not found"},
		"too slow":     {[]string{"sleep", "60"}, "200ms", "took longer than 200ms"},
		"bad timeout":  {[]string{"true"}, "soon", `timeout is "soon"`},
		"empty":        {[]string{""}, "30s", "the command is empty"},
		"silent":       {[]string{"false"}, "30s", "it printed nothing"},
		"ill-mannered": {[]string{"sh", "-c", "trap '' TERM; printf '\\033[2J'; sleep 60"}, "200ms", `\x1b[2J`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			settings := with(t, with(t, s.settings(t, "srv", "one", "release one"), "restart_command", tc.command), "timeout", tc.timeout)
			_, err := s.provider(t).Apply(t.Context(), providers.Request{Step: plans.Step{Address: address}, Settings: settings})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Apply returns %v, expected an error with %q", err, tc.want)
			}
		})
	}
}

// TestDaemonOutlivesItsCommand starts a real background process from a restart
// command: Apply neither waits for it nor ends it.
func TestDaemonOutlivesItsCommand(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	pidFile := filepath.Join(s.root, "pid")
	settings := with(t, s.settings(t, "srv", "one", "release one"), "restart_command", []string{"sh", "-c", "sleep 600 & echo $! > " + pidFile})
	s.deploy(t, settings)
	b, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscan(string(b), &pid); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); err != nil {
		t.Errorf("the daemon is gone: %v", err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

// TestCancelReachesTheGroup cancels while the command's own child works.
func TestCancelReachesTheGroup(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	pidFile := filepath.Join(s.root, "pid")
	settings := with(t, s.settings(t, "srv", "one", "release one"), "restart_command",
		[]string{"sh", "-c", "sleep 600 & echo $! > " + pidFile + ".new; mv " + pidFile + ".new " + pidFile + "; wait"})
	req := s.request(t, settings)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := s.provider(t).Apply(ctx, req)
		ended <- err
	}()
	await(t, pidFile)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Apply returns %v, expected context.Canceled", err)
	}
	b, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid := strings.TrimSpace(string(b))
	stat, err := exec.Command("ps", "-o", "stat=", "-p", pid).Output()
	if err == nil && !strings.HasPrefix(strings.TrimSpace(string(stat)), "Z") {
		t.Errorf("process %s of the cancelled command still runs: %s", pid, stat)
	}
}

func TestBusyFolder(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for the lock's patience")
	}
	s := newSite(t)
	settings := s.settings(t, "srv", "one", "release one")
	write(t, filepath.Join(s.root, "srv/releases/.lock"), "")
	lock := flock.New(filepath.Join(s.root, "srv/releases/.lock"))
	if err := lock.Lock(); err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	_, err := s.provider(t).Apply(t.Context(), s.request(t, settings))
	if !errors.Is(err, providers.ErrBlocked) {
		t.Errorf("Apply returns %v, expected ErrBlocked", err)
	}
}

// Only what the step put there is taken back; that something else runs is no
// success.
func TestRollbackNamesWhatRunsInstead(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{"over another": "one", "first": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			if before != "" {
				s.deploy(t, s.settings(t, "srv", before, "release "+before))
			}
			req := s.request(t, s.settings(t, "srv", "two", "release two"))
			if _, err := s.provider(t).Apply(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			s.deploy(t, s.settings(t, "srv", "three", "release three"))
			shot := s.signature(t, "srv")
			_, err := s.provider(t).Rollback(t.Context(), req)
			if !errors.Is(err, providers.ErrForeign) || !strings.Contains(err.Error(), plans.DigestOf([]byte("release three")).Short()) {
				t.Errorf("got %v", err)
			}
			if now := s.signature(t, "srv"); now != shot {
				t.Errorf("changed:\n%s\nto\n%s", shot, now)
			}
		})
	}
}
