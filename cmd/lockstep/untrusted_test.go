package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestAnUntrustedReportTouchesNothing gives a report a project that would run
// programs, speak to hosts and read secrets, and an environment that offers
// them, and looks at what the process asks the kernel for.
func TestAnUntrustedReportTouchesNothing(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go count(server, &asked)
	t.Cleanup(func() { _ = server.Close() })

	root := t.TempDir()
	mark := filepath.Join(root, "mark")
	project := layExploits(t, root, mark, server.Addr().String())
	for _, format := range []string{"text", "json", "markdown", "sarif", "github", "gitlab", "junit"} {
		output, calls := watched(t, root, project, format)
		if _, err := os.Stat(mark); !os.IsNotExist(err) {
			t.Fatalf("%s: a program was run: %v", format, err)
		}
		if strings.Contains(output, "Canary") {
			t.Errorf("%s: a secret is in the report:\n%s", format, output)
		}
		if strings.Contains(output, "\x1b") || strings.Contains(output, "\n::set-output") || strings.Contains(output, "\u202e") {
			t.Errorf("%s: a name is obeyed by who shows it:\n%q", format, output)
		}
		for _, code := range []string{"intrusive-file", "terraform-data-speaks", "terraform-file-outside"} {
			if format != "github" && !strings.Contains(output, code) { // that one shows ten alone
				t.Errorf("%s: no %s in\n%s", format, code, output)
			}
		}
		judgeCalls(t, format, calls)
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func count(server net.Listener, asked *atomic.Int64) {
	for {
		c, err := server.Accept()
		if err != nil {
			return
		}
		asked.Add(1)
		_ = c.Close()
	}
}

// layExploits makes the project, and programs that leave a mark.
func layExploits(t *testing.T, root, mark, address string) string {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/untrusted.txtar")
	if err != nil {
		t.Fatal(err)
	}
	project := filepath.Join(root, "project")
	write := func(name, text string, mode os.FileMode) {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range archive.Files {
		write(filepath.Join(project, f.Name), strings.NewReplacer("SERVER", address, "ESC", "\x1b", "BIDI", "\u202e").Replace(string(f.Data)), 0o755)
	}
	for _, name := range []string{"terraform", "tofu", "psql", "git", "sh", "curl", "postgres", "initdb", "pg_ctl"} {
		write(filepath.Join(root, "bin", name), "#!/bin/sh\n: > "+mark+"\n", 0o755)
	}
	write(filepath.Join(root, "secret"), "Canary-Outside", 0o644)
	for link, target := range map[string]string{
		"elsewhere": filepath.Join(root, "secret"), "notes": "/proc/self/environ", "credentials": ".git/config",
	} {
		if err := os.Symlink(target, filepath.Join(project, link)); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(project, "infra/line\n::set-output name=x::y/.terraformrc"), "", 0o644)
	return project
}

// watched runs a report, below strace where there is one, and returns what it
// printed and what it asked the kernel for.
func watched(t *testing.T, root, project, format string) (output, calls string) {
	t.Helper()
	binary := filepath.Join(binaries, "lockstep")
	arguments := []string{binary, "plan", "--format", format}
	log := filepath.Join(root, "calls-"+format)
	if strace, err := exec.LookPath("strace"); err == nil && exec.Command(strace, "-o", os.DevNull, "/bin/true").Run() == nil {
		arguments = append([]string{strace, "-f", "-qq", "-s", "200", "-e", "trace=execve,execveat,fork,vfork,socket,connect,sendto,open,openat,openat2", "-o", log}, arguments...)
	} else {
		t.Log("without strace: what is asked of the kernel is not looked at")
	}
	command := exec.Command(arguments[0], arguments[1:]...)
	command.Dir = project
	command.Env = []string{
		"PATH=" + filepath.Join(root, "bin"), "HOME=" + root, "LOCKSTEP_UNTRUSTED=1",
		"LOCKSTEP_VAR_token=Canary-Variable", "DATABASE_URL=Canary-Url", "PGPASSWORD=Canary-Password", "AWS_SECRET_ACCESS_KEY=Canary-Key",
		"LOCKSTEP_TERRAFORM=" + filepath.Join(root, "bin/terraform"), "LOCKSTEP_PLUGIN_MIRROR=" + root, "LOCKSTEP_REHEARSE=always",
	}
	b, err := command.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 4 {
		t.Fatalf("%s: %v\n%s", format, err, b)
	}
	if text, err := os.ReadFile(log); err == nil {
		calls = string(text)
	}
	return string(b), calls
}

func judgeCalls(t *testing.T, format, calls string) {
	t.Helper()
	if calls == "" {
		return // no strace, as was said
	}
	if n := strings.Count(calls, "execve("); n != 1 {
		t.Errorf("%s: %d programs were started, want this one alone:\n%s", format, n, calls)
	}
	forbidden := regexp.MustCompile(`(?m)^.*(execveat|fork|socket|connect|sendto)\(.*$|^.*open.*"([^"]*/)?(secret|environ|passwd|hostname|config|\.env|terraform\.tfstate|runs)".*$`)
	if found := forbidden.FindAllString(calls, -1); len(found) > 0 {
		t.Errorf("%s: asked the kernel for\n%s", format, strings.Join(found, "\n"))
	}
	if !strings.Contains(calls, "p.lockstep.hcl") {
		t.Errorf("%s: the project was not seen to be read:\n%s", format, calls)
	}
}
