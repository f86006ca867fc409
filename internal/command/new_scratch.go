package command

import (
	"context"
	"errors"

	"github.com/lockstep-dev/lockstep/internal/rehearse/server"
	"github.com/lockstep-dev/lockstep/internal/rehearse/wayback"
)

// onScratch runs something on a PostgreSQL of its own, and returns the
// server's version.
func onScratch(ctx context.Context, run func(wayback.Bench) error) (version string, err error) {
	binaries, err := server.Find(ctx, server.Wanted{})
	if err != nil {
		return "", failed(err, "Install a PostgreSQL server, or name the folder of its programs: "+server.FolderVariable+"=/usr/lib/postgresql/16/bin")
	}
	s, err := server.Start(ctx, server.Options{Binaries: binaries})
	if err != nil {
		return "", failed(err)
	}
	bench := scratchOn(s)
	if err := errors.Join(run(wayback.Bench{Open: bench.Open, Omit: bench.Omit}), s.Close()); err != nil {
		return "", failed(err)
	}
	return binaries.Version, nil
}
