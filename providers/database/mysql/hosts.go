package mysql

import (
	"net"

	"github.com/lockstep-dev/lockstep/providers/database"
)

var _ database.Placed = kind{}

// Hosts implements database.Placed.
func (kind) Hosts(target database.Target) ([]string, error) {
	var hosts []string
	for _, dsn := range []string{target.URL, target.PooledURL} {
		if dsn == "" {
			continue
		}
		config, err := parse(dsn)
		if err != nil {
			return nil, err
		}
		host, _, err := net.SplitHostPort(config.Addr)
		if err != nil {
			host = config.Addr // a socket has no port
		}
		hosts = append(hosts, host)
	}
	return hosts, nil
}
