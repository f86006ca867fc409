package mysql

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"
)

const urlForm = "mysql://USER:PASSWORD@tcp(HOST:PORT)/DATABASE"

// parse reads a connection URL as golang-migrate does: go-sql-driver's form
// behind mysql://, user and password with URL escapes, and options of its own
// that begin with x-. What the libraries say about a URL that they cannot read
// shows it, so that is left out.
func parse(dsn string) (*driver.Config, error) {
	rest, ok := strings.CutPrefix(dsn, "mysql://")
	if !ok {
		return nil, fmt.Errorf("database url: expected %s (value hidden)", urlForm)
	}
	options := optionsOf(rest)
	own, err := ownTLS(options)
	if err != nil {
		return nil, err
	}
	if own != nil {
		rest = withoutTLS(rest)
	}
	config, err := driver.ParseDSN(rest)
	if err != nil {
		return nil, fmt.Errorf("database url: MySQL's driver cannot read it (value hidden); expected %s", urlForm)
	}
	if config.DBName == "" {
		return nil, fmt.Errorf("database url: it names no database; expected %s", urlForm)
	}
	if err := unescape(config); err != nil {
		return nil, err
	}
	for name := range config.Params {
		if strings.HasPrefix(name, "x-") {
			delete(config.Params, name)
		}
	}
	if own != nil {
		config.TLS = own
	}
	careful(config)
	return config, nil
}

// careful overrules what the URL says where it would change what we read.
func careful(config *driver.Config) {
	config.MultiStatements = false
	config.AllowAllFiles = false
	config.InterpolateParams = false
	config.ParseTime, config.Loc = true, time.UTC
	config.Logger = &driver.NopLogger{}
	if config.Timeout == 0 {
		config.Timeout = connectTimeout
	}
}

func unescape(config *driver.Config) error {
	user, userErr := url.QueryUnescape(config.User)
	password, passwordErr := url.QueryUnescape(config.Passwd)
	if userErr != nil || passwordErr != nil {
		return errors.New("database url: user or password has a % that begins no escape (value hidden); write it as %25")
	}
	config.User, config.Passwd = user, password
	return nil
}

func optionsOf(dsn string) url.Values {
	i := strings.LastIndexByte(dsn, '?')
	if i < 0 {
		return nil
	}
	options, err := url.ParseQuery(dsn[i+1:])
	if err != nil {
		return nil // the driver says so
	}
	return options
}

// withoutTLS drops the name of a TLS configuration, which is known to nobody.
func withoutTLS(dsn string) string {
	i := strings.LastIndexByte(dsn, '?')
	options := optionsOf(dsn)
	options.Del("tls")
	return dsn[:i+1] + options.Encode()
}

// ownTLS reads golang-migrate's x-tls-ca, x-tls-cert, x-tls-key and
// x-tls-insecure-skip-verify, which count when tls is a name.
func ownTLS(options url.Values) (*tls.Config, error) {
	switch strings.ToLower(options.Get("tls")) {
	case "", "true", "false", "1", "0", "skip-verify", "preferred":
		return nil, nil //nolint:nilnil // the driver does it
	}
	pem, err := os.ReadFile(options.Get("x-tls-ca"))
	if err != nil {
		return nil, errors.New("database url: the file that x-tls-ca names cannot be read; tls is a name, so it is needed")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("database url: the file that x-tls-ca names holds no certificate in PEM form")
	}
	config := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	if text := options.Get("x-tls-insecure-skip-verify"); text != "" {
		if config.InsecureSkipVerify, err = strconv.ParseBool(text); err != nil {
			return nil, errors.New("database url: x-tls-insecure-skip-verify is neither true nor false")
		}
	}
	cert, key := options.Get("x-tls-cert"), options.Get("x-tls-key")
	if cert == "" && key == "" {
		return config, nil
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, errors.New("database url: x-tls-cert and x-tls-key do not name a certificate and its key")
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}
