package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockstep-dev/lockstep/internal/rehearse/server"
	"github.com/lockstep-dev/lockstep/internal/rehearse/wayback"
)

// onScratch runs something on a PostgreSQL of its own, or on the scratch server
// that the environment names, and returns the server's version.
func (a *app) onScratch(ctx context.Context, run func(wayback.Bench) error) (version string, err error) {
	s, err := a.scratchServer(ctx)
	if err != nil {
		return "", failed(err, "Install a PostgreSQL server, or name the folder of its programs: "+server.FolderVariable+"=/usr/lib/postgresql/16/bin",
			"Or name a server on which databases may be made: "+scratchVariable+"=URL")
	}
	bench := scratchOn(s)
	if err := errors.Join(run(wayback.Bench{Open: bench.Open, Omit: bench.Omit}), s.Close()); err != nil {
		return "", failed(err)
	}
	return fmt.Sprintf("%d.%d", s.Version()/10000, s.Version()%10000), nil
}

func (a *app) scratchServer(ctx context.Context) (*server.Server, error) {
	if url := a.environ(scratchVariable); url != "" {
		return server.Existing(ctx, server.Given{URL: url, Alone: true})
	}
	binaries, err := server.Find(ctx, server.Wanted{})
	if err != nil {
		return nil, err
	}
	return server.Start(ctx, server.Options{Binaries: binaries})
}
