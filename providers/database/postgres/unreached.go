package postgres

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/providers/database"
)

// unreached explains why there is no connection, and says what to do. Nothing
// of the url but host, user and database is shown.
func unreached(config pq.Config, err error) error {
	err = fmt.Errorf("connect: %w", hidden(config, err))
	if next := remedy(config, err); next != "" {
		return &database.UnreachedError{Cause: err, Next: next}
	}
	return err
}

func remedy(config pq.Config, err error) string {
	switch code(err) {
	case "28P01", "28000":
		return fmt.Sprintf("the server refuses user %s: check user and password in the url, and the server's pg_hba.conf", config.User)
	case "3D000":
		return "create the database first (createdb), or correct its name in the url"
	case "42501":
		return fmt.Sprintf("let the database's owner type: GRANT CONNECT ON DATABASE %s TO %s", config.Database, config.User)
	case "53300":
		return "all connections are in use: end those that nobody uses, or raise max_connections"
	case "57P03":
		return "the server is starting or stopping: try again"
	case "08P01":
		if strings.Contains(err.Error(), "startup parameter") {
			return "a connection pooler does not take what the url sets: leave it out of the url, add it to the pooler's ignore_startup_parameters, or give direct_url"
		}
	}
	return networkRemedy(config, err)
}

func networkRemedy(config pq.Config, err error) string {
	var unknown *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &unknown):
		return "check the host's name in the url, and that this machine can resolve it"
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT):
		return fmt.Sprintf("nothing answers at port %d of %s: check both in the url, and that the server runs", config.Port, config.Host)
	case errors.Is(err, pq.ErrSSLNotSupported):
		return "the server has no TLS: set sslmode=disable in the url where the network is trusted, or switch TLS on there"
	case errors.As(err, &certificate):
		return "the server's certificate is not trusted: give sslrootcert in the url, or correct the host's name"
	default:
		return ""
	}
}

// sslModes are those that the driver knows.
var sslModes = [...]string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

// unreadableURL says what can be said of a url that the driver does not take.
func unreadableURL(dsn string) error {
	if u, err := url.Parse(dsn); err == nil {
		if mode := u.Query().Get("sslmode"); mode != "" && !slices.Contains(sslModes[:], mode) {
			return fmt.Errorf("database url: sslmode %q is not known, expected one of %s", mode, strings.Join(sslModes[:], ", "))
		}
	}
	return errors.New("database url: PostgreSQL's driver cannot read it (value hidden); expected postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=MODE")
}
