package server

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/redact"
)

const (
	// superuser of a server of our own has a name that no target's schema uses:
	// what a schema gives to postgres must not run as our superuser.
	superuser  = "lockstep_superuser"
	socketPort = "5432"
)

// address is where a server is reached. It may hold a password, so it is never
// part of an error.
type address struct{ url url.URL }

func ownAddress(socket string) address {
	q := url.Values{"host": {socket}, "port": {socketPort}, "sslmode": {"disable"}}
	return address{url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/postgres", RawQuery: q.Encode()}}
}

// parseAddress reads a connection URL. golang-migrate's own parameters (x-...)
// are dropped, as a server would refuse them. What names the URL is for errors.
func parseAddress(text, name string) (address, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return address{}, fmt.Errorf("%s: expected a URL that begins with postgres:// (value hidden)", name)
	}
	q := u.Query()
	for parameter := range q {
		if strings.HasPrefix(parameter, "x-") {
			q.Del(parameter)
		}
	}
	u.RawQuery = q.Encode()
	if _, err := pq.NewConfig(u.String()); err != nil {
		return address{}, fmt.Errorf("%s: not a connection URL that can be read (value hidden)", name)
	}
	return address{*u}, nil
}

// of returns the address of another database of the server.
func (a address) of(database string) address {
	a.url.Path = "/" + database
	q := a.url.Query()
	q.Del("dbname")
	a.url.RawQuery = q.Encode()
	return a
}

// as returns the address for another role. An empty password is none.
func (a address) as(role, password string) address {
	a.url.User = url.User(role)
	if password != "" {
		a.url.User = url.UserPassword(role, password)
	}
	q := a.url.Query()
	q.Del("user")
	q.Del("password")
	a.url.RawQuery = q.Encode()
	return a
}

// guarded returns the address for sessions in which every name and operator
// means what PostgreSQL ships, whatever the database's settings say.
func (a address) guarded() address {
	q := a.url.Query()
	q.Set("search_path", "pg_catalog")
	a.url.RawQuery = q.Encode()
	return a
}

func (a address) String() string { return a.url.String() }

// open prepares connections.
func (a address) open() (*sql.DB, error) {
	config, err := pq.NewConfig(a.String())
	if err != nil {
		return nil, errors.New("the connection URL cannot be read (value hidden)")
	}
	config.ApplicationName = application
	// A query and its parameters travel together: sent one after the other, a
	// pooler may hand them to two servers.
	config.BinaryParameters = true
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, a.hide(err)
	}
	return sql.OpenDB(connector), nil
}

// application marks our connections for whoever looks at the server.
const application = "lockstep rehearse"

// hide masks the password in an error that comes from elsewhere. An error
// without it stays what it is, with the server's code.
func (a address) hide(err error) error {
	if err == nil {
		return nil
	}
	masked := redact.NewValues(a.secrets()...).Error(err)
	if masked.Error() == err.Error() {
		return err
	}
	return masked
}

func (a address) secrets() []string {
	config, err := pq.NewConfig(a.String())
	if err != nil {
		return nil
	}
	return []string{config.Password}
}
