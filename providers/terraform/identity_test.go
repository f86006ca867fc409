package terraform_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/providers"
)

// TestTwoDatabasesOfAPgBackendAreToldApart names host and database of a
// connection, whichever way it is written, and no secret of it.
func TestTwoDatabasesOfAPgBackendAreToldApart(t *testing.T) {
	t.Parallel()
	p, database := newSharedProject(t, "")
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	host, name := u.Query().Get("host"), strings.TrimPrefix(u.Path, "/")
	want := "pg host=" + host + " dbname=" + name + " workspace staging"
	seen := map[string]bool{}
	for _, written := range []string{
		database + "&password=Canary-2215",
		"postgres://postgres:Canary-2215@/" + name + "?host=" + url.QueryEscape(host) + "&sslmode=disable",
		"host=" + host + " user = postgres password='Canary-2215 it\\'s' sslmode=disable dbname='" + name + "'",
		cluster.Database(t),
	} {
		p.settings["backend_config"] = map[string]any{"conn_str": written}
		observed, err := p.provider.Observe(t.Context(), providers.ObserveRequest{
			Environment: "staging", Address: "terraform.cache", Settings: p.raw(), BindingOnly: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(observed.Identity, "Canary") {
			t.Errorf("the identity holds a password: %s", observed.Identity)
		}
		seen[observed.Identity] = true
	}
	if !seen[want] || len(seen) != 2 {
		t.Errorf("identities %v; want %q for three of them", seen, want)
	}
}
