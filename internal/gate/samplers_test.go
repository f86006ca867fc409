package gate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/internal/gate"
)

const canary = "canary-3c7e"

func settings(t *testing.T, v map[string]any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sampler(t *testing.T, driver string, deps gate.Deps, v map[string]any) gate.Sampler {
	t.Helper()
	s, err := gate.New(driver, settings(t, v), deps)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestHTTPSampler(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/echo":
			body, _ := io.ReadAll(r.Body)
			w.Header().Set("X-Seen", r.Method+" "+r.Host+" "+r.Header.Get("X-Key"))
			w.WriteHeader(http.StatusTeapot)
			_, _ = w.Write(body)
		case "/away":
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		case "/large":
			_, _ = w.Write(make([]byte, 1<<20))
		case "/cut":
			w.Header().Set("Content-Length", "10")
			_, _ = w.Write([]byte("x"))
		case "/slow":
			<-r.Context().Done()
		}
	}))
	t.Cleanup(server.Close)
	sample := func(path string, more map[string]any) (map[string]any, error) {
		block := map[string]any{"url": server.URL + path, "interval": "1s", "timeout": nil}
		for k, v := range more {
			block[k] = v
		}
		return sampler(t, "http", gate.Deps{}, block).Sample(t.Context())
	}
	self, err := sample("/echo", map[string]any{"method": "POST", "headers": map[string]string{"X-Key": "k", "Host": "shop"}, "body": "hello"})
	if err != nil {
		t.Fatal(err)
	}
	headers, _ := self["headers"].(map[string]any)
	if self["status_code"] != 418 || self["body"] != "hello" || headers["X-Seen"] != "POST shop k" {
		t.Errorf("self is %v", self)
	}
	if ms, ok := self["duration_ms"].(int64); !ok || ms < 0 {
		t.Errorf("duration_ms is %v", self["duration_ms"])
	}
	if self, err := sample("/away", nil); err != nil || self["status_code"] != 302 {
		t.Errorf("a redirect gives %v, %v, expected 302 itself", self["status_code"], err)
	}
	if self, err := sample("/large", nil); err != nil || len(self["body"].(string)) != 64<<10 {
		t.Errorf("a large body gives %v", err)
	}
	if _, err := sample("/cut?token="+canary, nil); err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("a cut body gives %v", err)
	}
	look := gate.Look(t.Context(), gate.Check{
		Timeout: 50 * time.Millisecond,
		Sampler: sampler(t, "http", gate.Deps{}, map[string]any{"url": server.URL + "/slow?token=" + canary}),
	})
	if look.Status != gate.Inconclusive || look.Message != "no answer within 50ms" {
		t.Errorf("a slow answer gives %s: %s", look.Status, look.Message)
	}
}

func TestHTTPNobodyListens(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := sampler(t, "http", gate.Deps{}, map[string]any{"url": server.URL + "/?token=" + canary}).Sample(t.Context())
	if err == nil || !strings.Contains(err.Error(), "refused") || strings.Contains(err.Error(), canary) {
		t.Errorf("got %v, expected a refused connection without the URL", err)
	}
}

func TestMetadataIsNeverAsked(t *testing.T) {
	t.Parallel()
	for _, host := range []string{
		"169.254.169.254", "169.254.169.254:80", "169.254.0.1", "169.254.170.2",
		"[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[0:0:0:0:0:ffff:a9fe:a9fe]", "[::169.254.169.254]",
		"[64:ff9b::a9fe:a9fe]", "[64:ff9b::169.254.169.254]", "[2002:a9fe:a9fe::1]",
		"[fd00:ec2::254]", "[fd00:0ec2:0000::0254]", "[fe80::1]", "[fe80::a9fe:a9fe%25lo]", "[febf::1]",
		"[ff02::1]", "224.0.0.1", "239.255.255.250",
		"100.100.100.200", "168.63.129.16", "192.0.0.192", "[64:ff9b::6464:64c8]", "[::ffff:100.100.100.200]",
		// Spellings that some resolvers take for an address: whoever resolves
		// them, they must not get an answer.
		"2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "0xa9.0xfe.0xa9.0xfe", "169.16689662", "169.254.169.254.",
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			s, err := gate.New("http", settings(t, map[string]any{"url": "http://" + host + "/latest/meta-data"}), gate.Deps{})
			if err != nil {
				return // refused even earlier
			}
			if _, err := s.Sample(ctx); err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, expected a refusal before any connection", err)
			} else if !strings.Contains(err.Error(), "checks never ask") && !strings.Contains(err.Error(), "no such host") && !strings.Contains(err.Error(), "lookup") {
				t.Errorf("got %v, expected the guard's refusal", err)
			}
		})
	}
}

func TestLoopbackMayBeAsked(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	url := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	if _, err := sampler(t, "http", gate.Deps{}, map[string]any{"url": url}).Sample(t.Context()); err != nil {
		t.Errorf("localhost: %v", err)
	}
}

// answers is a fake Querier.
type answers struct {
	rows []map[string]any
	err  error
}

func (a answers) Query(_ context.Context, driver, url, query string) ([]map[string]any, error) {
	if driver != "sqlite" || url != "file:x.db" || query != "SELECT 1" {
		return nil, fmt.Errorf("asked %s %s %s", driver, url, query)
	}
	return a.rows, a.err
}

func TestSQLSampler(t *testing.T) {
	t.Parallel()
	block := map[string]any{
		"database": map[string]any{"name": "orders", "driver": "sqlite", "url": "file:x.db", "migrations": "m"}, "query": "SELECT 1",
	}
	check := func(a answers) gate.Sample {
		return gate.Look(t.Context(), gate.Check{
			Sampler: sampler(t, "sql", gate.Deps{Querier: a}, block),
			Assert: func(self map[string]any) (bool, string, error) {
				rows := self["rows"].([]any)
				if len(rows) == 0 {
					return false, "", errors.New("no row 0")
				}
				return rows[0].(map[string]any)["missing"] == int64(0), "some are missing", nil
			},
		})
	}
	for _, tc := range []struct {
		answers answers
		status  gate.Status
		message string
	}{
		{answers{rows: []map[string]any{{"missing": int64(0)}}}, gate.Pass, `1 row: {"missing":0}`},
		{answers{rows: []map[string]any{{"missing": int64(7)}}}, gate.Fail, "some are missing"},
		{answers{}, gate.Inconclusive, "the condition cannot be decided: no row 0"},
		{answers{err: errors.New("relation does not exist")}, gate.Inconclusive, "relation does not exist"},
	} {
		if s := check(tc.answers); s.Status != tc.status || s.Message != tc.message {
			t.Errorf("%v gives %s: %s", tc.answers, s.Status, s.Message)
		}
	}
}

func TestExecSampler(t *testing.T) {
	t.Setenv("LOCKSTEP_VAR_password", canary)
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "check.sh"), []byte("#!/bin/sh\necho out $LOCKSTEP_ENVIRONMENT; env | grep -c canary-3c7e; echo err >&2; exit 7\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	deps := gate.Deps{Root: root, Environment: "dev"}
	self, err := sampler(t, "exec", deps, map[string]any{"command": []string{"./check.sh"}}).Sample(t.Context())
	if err != nil || self["exit_code"] != 7 || self["stdout"] != "out dev\n0\n" || self["stderr"] != "err\n" {
		t.Errorf("self is %v, %v", self, err)
	}
	self, err = sampler(t, "exec", deps, map[string]any{"command": []string{"echo", "a; b", "$(c)"}}).Sample(t.Context())
	if err != nil || self["stdout"] != "a; b $(c)\n" {
		t.Errorf("a shell was at work: %v, %v", self, err)
	}
	self, err = sampler(t, "exec", deps, map[string]any{"command": []string{"sh", "-c", "yes | head -c 1000000; printf end"}}).Sample(t.Context())
	if err != nil || len(self["stdout"].(string)) != 64<<10 || !strings.HasSuffix(self["stdout"].(string), "end") {
		t.Errorf("a long output gives %d bytes, %v", len(fmt.Sprint(self["stdout"])), err)
	}
	for name, tc := range map[string]struct {
		command []string
		want    string
	}{
		"missing": {[]string{"no-such-program"}, "could not be started"},
		"killed":  {[]string{"sh", "-c", "kill -9 $$"}, "was ended: signal: killed"},
		"slow":    {[]string{"sh", "-c", "sleep 600 & wait"}, "no answer within 300ms"},
	} {
		s := gate.Look(t.Context(), gate.Check{Timeout: 300 * time.Millisecond, Sampler: sampler(t, "exec", deps, map[string]any{"command": tc.command})})
		if s.Status != gate.Inconclusive || !strings.Contains(s.Message, tc.want) {
			t.Errorf("%s gives %s: %s", name, s.Status, s.Message)
		}
	}
}

func TestConfigure(t *testing.T) {
	t.Parallel()
	c, err := gate.Configure("exec", json.RawMessage(`{"command":["true"],"interval":null,"timeout":"1m0s","success_threshold":2,"failure_threshold":null}`), gate.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Interval != 5*time.Second || c.Timeout != time.Minute || c.SuccessThreshold != 2 || c.FailureThreshold != 3 {
		t.Errorf("got %+v", c)
	}
	for _, tc := range []struct{ driver, settings, want string }{
		{"http", `{"url":"http://x","verb":"` + canary + `"}`, `no argument "verb"`},
		{"http", `{"url":7}`, "url is a number, expected string"},
		{"http", `{"url":"ftp://x"}`, `scheme "ftp"`},
		{"http", `{"url":"unix:///var/run/x"}`, `scheme "unix"`},
		{"http", `{"url":"http://u:` + canary + `@x"}`, "holds a user or password"},
		{"http", `{"url":"http:///x"}`, "no host"},
		{"http", `{"url":"http://x/%zz` + canary + `"}`, "cannot be read"},
		{"http", `{"url":"http://x","method":"A B"}`, `method is "A B"`},
		{"sql", `{"query":"SELECT 1"}`, "database has no url"},
		{"sql", `{"database":{"url":"x"},"query":" "}`, "query is empty"},
		{"exec", `{"command":[]}`, "command is empty"},
		{"exec", `{"command":["true"],"interval":"0s"}`, `interval is "0s"`},
		{"exec", `{"command":["true"],"timeout":"soon"}`, `timeout is "soon"`},
		{"exec", `{"command":["true"],"success_threshold":0}`, "success_threshold is 0"},
		{"exec", `{"command":["true"],"failure_threshold":-1}`, "failure_threshold is -1"},
		{"exec", `[]`, "expected"},
		{"tcp", `{}`, `no check "tcp"`},
	} {
		_, err := gate.Configure(tc.driver, json.RawMessage(tc.settings), gate.Deps{Querier: answers{}})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s %s gives %v, expected an error with %q", tc.driver, tc.settings, err, tc.want)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("the error gives the secret away: %v", err)
		}
	}
}
