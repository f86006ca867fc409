package other

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	migrate "github.com/golang-migrate/migrate/v4/database"

	"github.com/lockstep-dev/lockstep/internal/redact"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// opened is a driver's connection.
type opened struct {
	migrate.Driver
	target database.Target
}

// open connects within ctx. A driver takes no context, and some wait for a
// lock while they connect; one that comes too late is closed behind our back.
func open(ctx context.Context, driver string, target database.Target) (*opened, error) {
	if target.Hosts != "" {
		return nil, fmt.Errorf("database %q: hosts are given, and driver %q reads its url in a way of its own; leave hosts out", target.Name, driver)
	}
	dsn, err := locate(driver, target)
	if err != nil {
		return nil, err
	}
	var d migrate.Driver
	err = within(ctx, func() error {
		d, err = migrate.Open(dsn)
		return err
	}, func() {
		if d != nil {
			_ = d.Close() // nobody waits for it any more
		}
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("%w: the driver did not connect in time: another migration of this database may be running, or the server does not answer", providers.ErrBlocked)
	}
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &opened{Driver: d, target: target}, nil
}

// within waits for work until ctx ends; late is called when work ends then.
func within(ctx context.Context, work func() error, late func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- work() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		go func() {
			<-ended //nolint:errcheck // nobody waits for the answer any more
			late()
		}()
		return ctx.Err()
	}
}

// locate checks the URL's scheme and names the version table in it.
func locate(driver string, target database.Target) (string, error) {
	scheme, rest, ok := strings.Cut(target.URL, ":")
	if !ok || scheme != driver {
		return "", fmt.Errorf("database url: expected one that begins with %s:, as driver says (value hidden)", driver)
	}
	if target.Table == database.DefaultTable || strings.Contains(rest, "x-migrations-table=") {
		return target.URL, nil
	}
	separator := "?"
	if strings.Contains(rest, "?") {
		separator = "&"
	}
	return target.URL + separator + "x-migrations-table=" + url.QueryEscape(target.Table), nil
}

// identify is all that is known of the target: its address, without user,
// password and options.
func identify(dsn string) string {
	dsn, _, _ = strings.Cut(dsn, "?")
	scheme, rest, _ := strings.Cut(dsn, ":")
	rest = strings.TrimPrefix(rest, "//")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	return scheme + " at " + redact.Setting(rest)
}

// version is what the target says; 0 when no migration was applied.
func (o *opened) version() (version uint64, dirty bool, err error) {
	v, dirty, err := o.Version()
	if err != nil {
		return 0, false, fmt.Errorf("read the schema version: %w", err)
	}
	return uint64(max(v, 0)), dirty, nil
}
