package server

import (
	"context"
	"fmt"

	"github.com/lib/pq"
)

// MakeRole makes a role without the right to log in, which lives as long as the
// server. Only a server of our own takes one.
func (s *Server) MakeRole(ctx context.Context, name string) error {
	if !s.Own() {
		return fmt.Errorf("make role %s: the scratch server is not ours alone", pq.QuoteIdentifier(name))
	}
	if _, err := s.admin.ExecContext(ctx, "CREATE ROLE "+pq.QuoteIdentifier(name)+" NOLOGIN"); err != nil {
		return fmt.Errorf("make role %s: %w", pq.QuoteIdentifier(name), err)
	}
	return nil
}
