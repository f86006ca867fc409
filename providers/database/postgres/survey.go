package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/database"
)

// surveyLimit bounds a whole survey; a plan does without what it did not get.
const surveyLimit = 20 * time.Second

// surveying is a survey under way.
type surveying struct {
	on   *connection
	out  plans.Survey
	role string
	// sees is true when the role may see the sessions of others.
	sees bool
	// counts is true when the server counts rows, and did so for counted.
	counts  bool
	counted time.Duration // 0 when nobody knows
}

// Figures implements database.FigureReader.
func (driver) Figures(ctx context.Context, target database.Target, req providers.SurveyRequest) (_ plans.Survey, err error) {
	ctx, cancel := context.WithTimeout(ctx, surveyLimit)
	defer cancel()
	c, err := connect(ctx, target.URL, observing)
	if err != nil {
		return plans.Survey{}, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	s := &surveying{on: c}
	if err := s.soon(ctx, s.server); err != nil {
		return plans.Survey{}, fmt.Errorf("survey the server: %w", err)
	}
	found, err := s.find(ctx, req.Relations)
	if err == nil {
		err = s.relations(ctx, found, req.Live)
	}
	if err != nil {
		return plans.Survey{}, fmt.Errorf("survey relations: %w", err)
	}
	for _, look := range []struct {
		subject string
		at      func(context.Context) error
	}{
		{"open transactions", func(ctx context.Context) error { return s.transactions(ctx, found) }},
		{"replicas", s.replicas},
		{"rights", s.rights(req.Needs)},
	} {
		if err := s.soon(ctx, look.at); err != nil && !s.refused(look.subject, err) {
			return plans.Survey{}, fmt.Errorf("survey %s: %w", look.subject, err)
		}
	}
	s.blind()
	return s.out, nil
}

// soon looks in a transaction that writes nothing and is over soon. The bounds
// are set for the transaction alone: a pooler lets that through.
func (s *surveying) soon(ctx context.Context, look func(context.Context) error) error {
	if _, err := s.on.ExecContext(ctx, `BEGIN READ ONLY; SET LOCAL statement_timeout = '3s'; SET LOCAL lock_timeout = '100ms'`); err != nil {
		return s.on.statementPooling(err)
	}
	err := look(ctx)
	_, undoErr := s.on.ExecContext(ctx, `ROLLBACK`)
	return errors.Join(err, undoErr)
}

func (s *surveying) unknown(format string, args ...any) {
	s.out.Unknown = append(s.out.Unknown, fmt.Sprintf(format, args...))
}

// refused reports whether the server does not answer this role, or not in
// time, and says so in the survey.
func (s *surveying) refused(subject string, err error) bool {
	switch {
	case code(err) == "42501":
		s.unknown("%s: the server does not show them to role %s; a superuser grants it: GRANT pg_monitor TO %[2]s", subject, sqlscan.Identifier(s.role))
	case mayNot(err) || code(err) == "55P03":
		s.unknown("%s: the server did not answer in time; plan again", subject)
	default:
		return false
	}
	return true
}

// server reads what the server says about itself. Rows are counted since the
// last reset, of this database or of all: a crash resets all of them. Of a
// database whose counters were never reset nobody knows since when it counts:
// it may be younger than the server.
// Source: PostgreSQL documentation, "The Cumulative Statistics System".
func (s *surveying) server(ctx context.Context) error {
	var version string
	var seconds float64
	var standby bool
	err := s.on.QueryRowContext(ctx, `
		SELECT current_setting('server_version'), current_user, pg_is_in_recovery(),
		       coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'unix socket'),
		       pg_has_role('pg_read_all_stats', 'USAGE'), current_setting('track_counts')::bool,
		       CASE WHEN d.stats_reset IS NULL THEN 0
		            ELSE extract(epoch FROM clock_timestamp() - greatest(d.stats_reset, least(b.stats_reset, a.stats_reset)))::float8 END
		FROM pg_stat_database d, pg_stat_bgwriter b, pg_stat_archiver a WHERE d.datname = current_database()`).
		Scan(&version, &s.role, &standby, &s.out.Host, &s.sees, &s.counts, &seconds)
	if err != nil {
		return err
	}
	number, _, _ := strings.Cut(version, " ") // what follows names the packager
	s.out.Server, s.out.Primary = "PostgreSQL "+number, !standby
	s.counted = time.Duration(seconds * float64(time.Second))
	return nil
}

// blind says what the figures lack.
func (s *surveying) blind() {
	if !s.out.Primary {
		s.unknown("the server is a standby: it counts no writes, knows no replicas of the primary, and nothing can be migrated there; use the primary's url")
	} else if !s.counts {
		s.unknown("writes per second: the server does not count them (track_counts is off); a superuser types: ALTER SYSTEM SET track_counts = on; SELECT pg_reload_conf()")
	}
	if !s.sees {
		s.out.Blind = true
		s.unknown("open transactions and replicas: role %[1]s sees its own sessions alone; a superuser, or a role with the ADMIN OPTION on pg_monitor, types: GRANT pg_monitor TO %[1]s",
			sqlscan.Identifier(s.role))
	}
}
