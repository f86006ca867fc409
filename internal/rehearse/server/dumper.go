package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lib/pq"
)

// ErrNoDump is wrapped when this machine has no pg_dump that reads the target.
// The caller replays the migration folder instead.
var ErrNoDump = errors.New("the target's schema cannot be copied, so the migration folder is to be replayed instead")

// dumper is a pg_dump.
type dumper struct {
	program string
	version string
	major   int
}

// findDumper takes the oldest pg_dump that reads the target: pg_dump refuses
// servers that are newer than itself, and what a newer one writes may be unknown
// to the scratch server.
func findDumper(ctx context.Context, beside string, target int) (dumper, error) {
	folders := append(filepath.SplitList(os.Getenv("PATH")), usualFolders()...)
	if beside != "" {
		folders = append([]string{beside}, folders...)
	}
	var all []dumper
	for _, folder := range folders {
		program, err := exec.LookPath(filepath.Join(folder, "pg_dump"))
		if err != nil {
			continue
		}
		version, major, err := versionOf(ctx, program)
		if err == nil {
			all = append(all, dumper{program, version, major})
		}
	}
	return oldestThatReads(all, target)
}

func oldestThatReads(all []dumper, target int) (dumper, error) {
	if len(all) == 0 {
		return dumper{}, fmt.Errorf("%w: no pg_dump on this machine; install PostgreSQL's client programs, %d or newer", ErrNoDump, target)
	}
	newest := slices.MaxFunc(all, func(a, b dumper) int { return a.major - b.major })
	if newest.major < target {
		return dumper{}, fmt.Errorf("%w: pg_dump refuses servers newer than itself, the target runs %d and the newest pg_dump here is %s; install PostgreSQL's client programs, %d or newer",
			ErrNoDump, target, newest.version, target)
	}
	able := slices.DeleteFunc(slices.Clone(all), func(d dumper) bool { return d.major < target })
	return slices.MinFunc(able, func(a, b dumper) int { return a.major - b.major }), nil
}

// libpqEnvironment says to a program of PostgreSQL where to connect. Passwords
// are in the environment, since everyone may read the arguments of a process;
// what lib/pq and libpq do not both know is left out.
func (a address) libpqEnvironment(application string) ([]string, error) {
	c, err := pq.NewConfig(a.String())
	if err != nil {
		return nil, errors.New("the connection URL cannot be read (value hidden)")
	}
	hosts, ports, literal := []string{c.Host}, []string{strconv.Itoa(int(c.Port))}, ""
	if c.Hostaddr.IsValid() {
		literal = c.Hostaddr.String()
	}
	for _, m := range c.Multi {
		hosts, ports = append(hosts, m.Host), append(ports, strconv.Itoa(int(m.Port)))
	}
	mode := c.SSLMode
	if mode == "" { // lib/pq's default; libpq's is to do without when refused
		mode = pq.SSLModeRequire
	}
	set := map[string]string{
		"PGHOST": strings.Join(hosts, ","), "PGHOSTADDR": literal, "PGPORT": strings.Join(ports, ","),
		"PGDATABASE": c.Database, "PGUSER": c.User, "PGPASSWORD": c.Password, "PGPASSFILE": c.Passfile,
		"PGSSLMODE": string(mode), "PGSSLCERT": c.SSLCert, "PGSSLKEY": c.SSLKey, "PGSSLROOTCERT": c.SSLRootCert,
		"PGTARGETSESSIONATTRS": string(c.TargetSessionAttrs),
		"PGAPPNAME":            application, "PGCONNECT_TIMEOUT": "15",
		// pg_dump's own transaction is read only as well.
		"PGOPTIONS": "-c default_transaction_read_only=on",
	}
	environment := slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "PG") })
	for name, value := range set {
		if value != "" {
			environment = append(environment, name+"="+value)
		}
	}
	return append(environment, "LC_ALL=C"), nil
}
