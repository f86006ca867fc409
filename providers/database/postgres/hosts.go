package postgres

import (
	"net/netip"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/providers/database"
)

var _ database.Placed = driver{}

// Hosts implements database.Placed. An address that is given beside a host is
// what is connected to.
func (driver) Hosts(target database.Target) ([]string, error) {
	var hosts []string
	for _, dsn := range []string{target.URL, target.PooledURL} {
		if dsn == "" {
			continue
		}
		config, err := parse(dsn)
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, allHosts(config)...)
	}
	return hosts, nil
}

func allHosts(config pq.Config) []string {
	all := []string{connectsTo(config.Host, config.Hostaddr)}
	for _, another := range config.Multi {
		all = append(all, connectsTo(another.Host, another.Hostaddr))
	}
	return all
}

func connectsTo(host string, address netip.Addr) string {
	if address.IsValid() {
		return address.String()
	}
	return host
}
