package postgres

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/internal/redact"
)

// connection is one connection to a server, without a pool.
type connection struct {
	*sql.Conn
	db  *sql.DB
	pid int
	// pooled is true when a connection pooler stands in between: what is set
	// for the session then reaches other clients, or is lost.
	pooled bool
	// noticesLoss is true when the server looks during a statement whether its
	// client is still there.
	noticesLoss bool
	// soiled is true when a migration may have set something for the session.
	soiled bool
	// prepared is true when what rows need is prepared in it.
	prepared bool
}

// observing is the application of connections that only read, and keep no lock.
const observing = "lockstep"

// connectTimeout bounds the attempt to reach a server.
const connectTimeout = 15 * time.Second

func connect(ctx context.Context, dsn, application string) (*connection, error) {
	config, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	config.ApplicationName = application
	return open(ctx, config)
}

func open(ctx context.Context, config pq.Config) (*connection, error) {
	// A query and its parameters travel together: sent one after the other, a
	// pooler may hand them to two servers.
	config.BinaryParameters = true
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, hidden(config, err)
	}
	c := &connection{db: sql.OpenDB(connector)}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if c.Conn, err = c.db.Conn(ctx); err != nil {
		return nil, errors.Join(unreached(config, err), c.db.Close())
	}
	if err := c.QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&c.pid); err != nil {
		return nil, errors.Join(unreached(config, err), c.close())
	}
	if c.pooled, err = isPooled(c.Conn, c.pid); err != nil {
		return nil, errors.Join(err, c.close())
	}
	if err := c.keptSearchPath(ctx, config); err != nil {
		return nil, errors.Join(err, c.close())
	}
	if _, c.noticesLoss = config.Runtime[lossCheck]; !c.noticesLoss && !c.pooled {
		if _, err := c.ExecContext(ctx, fmt.Sprintf(`SET %s = %d`, idleLimit, longestIdle.Milliseconds())); err != nil {
			return nil, errors.Join(fmt.Errorf("set the timeouts: %w", err), c.close())
		}
		_, err := c.ExecContext(ctx, `SET `+lossCheck+` = '`+lossInterval+`'`)
		c.noticesLoss = err == nil
	}
	return c, nil
}

func (c *connection) close() error {
	err := c.Close()
	if errors.Is(err, sql.ErrConnDone) {
		err = nil
	}
	return errors.Join(err, c.db.Close())
}

// parse reads a connection URL. What the libraries say about a URL that they
// cannot read shows it, so that is left out.
func parse(dsn string) (pq.Config, error) {
	cleaned, err := withoutMigrateOptions(dsn)
	if err != nil {
		return pq.Config{}, err
	}
	config, err := pq.NewConfig(cleaned)
	if err != nil {
		return pq.Config{}, unreadableURL(cleaned)
	}
	return config, nil
}

// withoutMigrateOptions drops golang-migrate's own query parameters (x-...),
// which a server would refuse.
func withoutMigrateOptions(dsn string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", errors.New("database url: not a valid URL (value hidden)")
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", errors.New("database url: expected one that begins with postgres:// (value hidden)")
	}
	q := u.Query()
	for name := range q {
		if strings.HasPrefix(name, "x-") {
			q.Del(name)
		}
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

func hidden(config pq.Config, err error) error {
	return redact.NewValues(config.Password).Error(err)
}

// applicationName marks our backends, so that a recovery finds those of a
// process that died. PostgreSQL keeps 63 bytes; a longer name ends in a hash.
func applicationName(run, step string) string {
	const limit = 63
	name := "lockstep/" + run + "/" + step
	if len(name) <= limit {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	tail := "#" + hex.EncodeToString(sum[:6])
	return strings.ToValidUTF8(name[:limit-len(tail)], "") + tail
}
