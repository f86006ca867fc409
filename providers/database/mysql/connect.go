package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/lockstep-dev/lockstep/internal/redact"
)

// connection is one connection to a server, without a pool.
type connection struct {
	*sql.Conn
	db     *sql.DB
	config *driver.Config
	id     int64 // CONNECTION_ID()
}

// connectTimeout bounds the attempt to reach a server.
const connectTimeout = 15 * time.Second

// connect shows name to whoever looks at performance_schema's
// session_connect_attrs.
func connect(ctx context.Context, dsn, name string) (*connection, error) {
	config, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	config.ConnectionAttributes = "program_name:" + strings.NewReplacer(",", " ", ":", " ").Replace(name)
	return dial(ctx, config)
}

func dial(ctx context.Context, config *driver.Config) (*connection, error) {
	connector, err := driver.NewConnector(config)
	if err != nil {
		return nil, hidden(config, err)
	}
	c := &connection{db: sql.OpenDB(connector), config: config}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if c.Conn, err = c.db.Conn(ctx); err != nil {
		return nil, errors.Join(hidden(config, fmt.Errorf("connect: %w", err)), c.db.Close())
	}
	if err := c.QueryRowContext(ctx, `SELECT CONNECTION_ID()`).Scan(&c.id); err != nil {
		return nil, errors.Join(hidden(config, fmt.Errorf("connect: %w", err)), c.close())
	}
	return c, nil
}

func hidden(config *driver.Config, err error) error {
	return redact.NewValues(config.Passwd).Error(err)
}

func (c *connection) close() error {
	err := c.Close()
	if errors.Is(err, sql.ErrConnDone) || errors.Is(err, driver.ErrInvalidConn) {
		err = nil
	}
	return errors.Join(err, c.db.Close())
}

// interruptGrace is how long a statement may take to end after it was
// interrupted; undoing a long one takes its time.
const interruptGrace = 30 * time.Second

// exec runs a statement. When ctx ends, the server is told to end the
// statement, and its answer is awaited: a connection that is just closed
// leaves the statement running.
func (c *connection) exec(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	err = c.interruptible(ctx, func(ctx context.Context) error {
		result, err = c.ExecContext(ctx, query, args...)
		return err
	})
	return result, err
}

func (c *connection) interruptible(ctx context.Context, work func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	detached, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	ended, interrupted := make(chan struct{}), make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		c.interrupt(ended, giveUp)
	})
	err := work(detached)
	close(ended)
	if stop() {
		return err
	}
	<-interrupted
	if err != nil {
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return nil
}

// interrupt repeats KILL QUERY until the work has ended: one that comes before
// the statement has begun does nothing.
func (c *connection) interrupt(ended <-chan struct{}, giveUp context.CancelFunc) {
	timer := time.AfterFunc(interruptGrace, giveUp)
	defer timer.Stop()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return
		default:
		}
		c.killQuery()
		select {
		case <-ended:
			return
		case <-ticker.C:
		}
	}
}

func (c *connection) killQuery() {
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	other, err := dial(ctx, c.config)
	if err != nil {
		return // it is tried again
	}
	_, _ = other.ExecContext(ctx, fmt.Sprintf(`KILL QUERY %d`, c.id)) // it is tried again
	_ = other.close()                                                 // it has done its work
}

// number is the server's error number, or 0.
func number(err error) uint16 {
	var e *driver.MySQLError
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}
