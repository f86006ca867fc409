package database

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

// Placed is a Driver whose databases are at a host.
type Placed interface {
	// Hosts tells where the target's urls lead to, as the driver would connect;
	// the path of a socket is a host, too.
	Hosts(target Target) ([]string, error)
}

// decodeTarget reads a database block's settings, and refuses a database that
// is not at one of the hosts that they name.
func (p *Provider) decodeTarget(settings json.RawMessage) (Target, error) {
	target, err := DecodeTarget(settings)
	if err != nil {
		return target, err
	}
	return target, p.atItsPlace(target)
}

func (p *Provider) atItsPlace(target Target) error {
	if target.Hosts == "" {
		return nil
	}
	driver, placed := p.driver.(Placed)
	if !placed {
		return fmt.Errorf("database %q: hosts are given, and a database of driver %q is at no host; leave hosts out", target.Name, target.Driver)
	}
	found, err := driver.Hosts(target)
	if err != nil {
		return HideURL(target.URL, err)
	}
	return target.CheckHosts(found)
}

// CheckHosts refuses places that are none of Hosts with an *ElsewhereError.
func (target Target) CheckHosts(found []string) error {
	if target.Hosts == "" {
		return nil
	}
	allowed := strings.Split(target.Hosts, hostSeparator)
	for _, host := range found {
		if !slices.ContainsFunc(allowed, func(pattern string) bool { return sameHost(pattern, host) }) {
			return &ElsewhereError{Database: target.Name, Host: host, Allowed: allowed}
		}
	}
	return nil
}

// sameHost compares as DNS does: without regard to case and to a dot at the end.
func sameHost(pattern, host string) bool {
	plain := func(s string) string { return strings.TrimSuffix(strings.ToLower(s), ".") }
	return plans.Matches(plain(pattern), plain(host))
}

// ElsewhereError says that a url leads to a host that the database block does
// not name. No connection was opened.
type ElsewhereError struct {
	Database string
	Host     string
	Allowed  []string
}

// Error names the host and those that are allowed.
func (e *ElsewhereError) Error() string {
	return fmt.Sprintf("its url leads to host %q, and the hosts of database.%s are %s; no connection was opened",
		e.Host, e.Database, strings.Join(e.Allowed, ", "))
}

// Is makes it something that was not approved.
func (e *ElsewhereError) Is(target error) bool { return target == providers.ErrOutsideEnvelope }
