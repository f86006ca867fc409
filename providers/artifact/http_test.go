package artifact_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/artifact"
)

func observeURL(t *testing.T, url string, more map[string]any) (plans.Observation, error) {
	t.Helper()
	settings := map[string]any{"url": url, "headers": map[string]string{"X-Api-Key": canary, "Authorization": "Bearer " + canary}}
	for k, v := range more {
		settings[k] = v
	}
	p := artifact.NewHTTP(artifact.Options{Root: t.TempDir(), MaxSize: 1 << 10})
	seen, err := p.Observe(t.Context(), providers.ObserveRequest{Address: "a", Settings: asSettings(t, settings)})
	if err != nil && strings.Contains(err.Error(), canary) {
		t.Errorf("the error gives the secret away: %v", err)
	}
	return seen.Observation, err
}

func TestRedirectsCarryNoCredentials(t *testing.T) {
	t.Parallel()
	var leaked atomic.Int64
	content := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"X-Api-Key", "Authorization", "Cookie", "Referer"} {
			if strings.Contains(r.Header.Get(name), canary) {
				leaked.Add(1)
			}
		}
		_, _ = w.Write([]byte("v1"))
	})
	elsewhere := httptest.NewServer(content)
	t.Cleanup(elsewhere.Close)
	var sameHost atomic.Int64
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, elsewhere.URL+"/api", http.StatusFound)
		case "/here":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/there":
			if r.Header.Get("X-Api-Key") == canary {
				sameHost.Add(1)
			}
			_, _ = w.Write([]byte("v1"))
		}
	}))
	t.Cleanup(first.Close)
	for _, path := range []string{"/away?token=" + canary, "/here"} {
		seen, err := observeURL(t, first.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if seen.Artifact.Digest != plans.DigestOf([]byte("v1")) {
			t.Errorf("%s gave %s", path, seen.Artifact.Digest)
		}
	}
	if leaked.Load() != 0 {
		t.Error("a redirect to another host carried a credential")
	}
	if sameHost.Load() != 1 {
		t.Error("a redirect on the same host lost the header")
	}
}

func TestHTTPRefusals(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/metadata":
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data?token="+canary, http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/big":
			_, _ = w.Write(make([]byte, 2<<10))
		case "/short":
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("v"))
		case "/api":
			_, _ = w.Write([]byte("v1"))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	for _, tc := range []struct {
		url, want string
		more      map[string]any
	}{
		{server.URL + "/nothing?token=" + canary, "found HTTP 404", nil},
		{server.URL + "/loop", "more than 3 redirects", nil},
		{server.URL + "/metadata", "metadata service", nil},
		{server.URL + "/file", "another scheme", nil},
		{server.URL + "/big", "more than 1024 bytes", nil},
		{server.URL + "/short", "unexpected EOF", nil},
		{server.URL + "/api", "as pinned in the block", map[string]any{"digest": plans.DigestOf([]byte("v2"))}},
		{"http://169.254.169.254/", "metadata service", nil},
		{"http://[::ffff:169.254.169.254]/", "metadata service", nil},
		{"http://[fd00:ec2::254]/", "metadata service", nil},
		{"http://2852039166/?token=" + canary, "", nil},
		{"file:///etc/passwd", "expected http://", nil},
		{"http://user:" + canary + "@127.0.0.1:1/", "refused", nil},
		{":%zz" + canary, "url cannot be used", nil},
	} {
		t.Run(tc.url, func(t *testing.T) {
			t.Parallel()
			_, err := observeURL(t, tc.url, tc.more)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Observe returns %v, expected an error with %q", err, tc.want)
			}
		})
	}
}
