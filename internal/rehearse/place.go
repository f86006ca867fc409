package rehearse

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/rehearse/server"
)

// place is where databases are made: on a server that is named, or on one that
// is started from programs as soon as it is needed.
type place struct {
	binaries server.Binaries
	role     server.Role // the target's
	running  *server.Server
}

func findPlace(ctx context.Context, url string, target server.Target) (*place, error) {
	found, err := server.Find(ctx, server.Wanted{Major: target.Major()})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case url != "": // programs only help to read the target then
		s, err := server.Existing(ctx, server.Given{URL: url, Target: target, Alone: target == server.Target{}})
		if err != nil {
			return nil, err
		}
		return &place{found, target.Role, s}, nil
	case errors.Is(err, server.ErrNoBinaries):
		return nil, fmt.Errorf("%w: %w", ErrNoServer, err)
	}
	return &place{binaries: found, role: target.Role}, err
}

// server starts one where none runs.
func (p *place) server(ctx context.Context) (s *server.Server, err error) {
	if p.running == nil {
		p.running, err = server.Start(ctx, server.Options{Binaries: p.binaries, Role: p.role})
	}
	return p.running, err
}

func (p *place) close() error {
	if p.running == nil {
		return nil
	}
	return p.running.Close()
}

// release is the version of the server, running or not.
func (p *place) release() string {
	if p.running != nil {
		return p.running.Release()
	}
	return p.binaries.Version
}

// privileged reports whether owners and privileges can be made there.
func (p *place) privileged() bool { return p.own() }

// powerful reports whether a superuser does there what files may not.
func (p *place) powerful() bool { return p.running == nil || p.running.Superuser() }

// own is true when nobody else has the server.
func (p *place) own() bool { return p.running == nil || p.running.Own() }

// oneLine is an error as a part of a sentence.
func oneLine(err error) string {
	return strings.TrimSuffix(strings.Join(strings.Fields(err.Error()), " "), ".")
}
