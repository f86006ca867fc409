package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FolderVariable is the environment variable that names the folder of the
// server's programs, for machines where they lie in no usual place.
const FolderVariable = "LOCKSTEP_POSTGRES_BIN"

// ErrNoBinaries is wrapped when this machine has no PostgreSQL server.
var ErrNoBinaries = errors.New("no PostgreSQL server programs (initdb, postgres) on this machine")

// Wanted says which server is looked for.
type Wanted struct {
	// Major is the target's major version, such as 15; 0 takes the newest.
	Major int
	// Folder is where the user says that the programs are; empty: the variable
	// FolderVariable, then PATH, then the usual places.
	Folder string
}

// Binaries are the programs of one PostgreSQL server.
type Binaries struct {
	// Folder holds initdb and postgres.
	Folder string
	Major  int
	// Version is as the server says it, such as "15.18".
	Version string
	// Same is true when Major is the one that was wanted.
	Same bool
	// Why tells in one sentence why these were taken.
	Why string
}

// Find returns the programs of the server that is nearest to the target: of the
// same major version, else of the next newer one, else of the newest older one.
// The error wraps ErrNoBinaries when there is none.
func Find(ctx context.Context, w Wanted) (Binaries, error) {
	given, name := w.Folder, "the setting scratch"
	if given == "" {
		given, name = os.Getenv(FolderVariable), FolderVariable
	}
	if given != "" {
		return inspectGiven(ctx, given, name, w.Major)
	}
	return nearest(all(ctx, append(filepath.SplitList(os.Getenv("PATH")), usualFolders()...)), w.Major)
}

func inspectGiven(ctx context.Context, folder, name string, major int) (Binaries, error) {
	found, err := inspect(ctx, folder)
	if err != nil {
		return Binaries{}, fmt.Errorf("%s names %s, and that holds no PostgreSQL server: %w; expected the folder of initdb and postgres, such as /usr/lib/postgresql/17/bin", name, folder, err)
	}
	return because(found, major, name+" names it"), nil
}

// usualFolders are those of Debian and Ubuntu, Fedora and RHEL, Alpine,
// Homebrew, Postgres.app and of a build from source; newer versions first.
func usualFolders() []string {
	patterns := []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*",
		"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin", "/opt/homebrew/opt/postgresql/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin", "/usr/local/pgsql/bin", "/usr/local/bin",
	}
	var folders []string
	for _, pattern := range patterns {
		found, _ := filepath.Glob(pattern) // the patterns are ours
		slices.Reverse(found)
		folders = append(folders, found...)
	}
	return folders
}

// all returns the servers in the folders, each once.
func all(ctx context.Context, folders []string) []Binaries {
	var found []Binaries
	for _, folder := range folders {
		b, err := inspect(ctx, folder)
		known := func(other Binaries) bool { return other.Folder == b.Folder }
		if err == nil && !slices.ContainsFunc(found, known) {
			found = append(found, b)
		}
	}
	return found
}

// inspect asks the programs of a folder for their version.
func inspect(ctx context.Context, folder string) (Binaries, error) {
	postgres, err := exec.LookPath(filepath.Join(folder, "postgres"))
	if err != nil {
		return Binaries{}, err
	}
	// Homebrew and others link the programs from elsewhere.
	if postgres, err = filepath.EvalSymlinks(postgres); err != nil {
		return Binaries{}, err
	}
	if postgres, err = filepath.Abs(postgres); err != nil {
		return Binaries{}, err
	}
	b := Binaries{Folder: filepath.Dir(postgres)}
	if _, err := exec.LookPath(filepath.Join(b.Folder, "initdb")); err != nil {
		return Binaries{}, err
	}
	const oldest = 12
	b.Version, b.Major, err = versionOf(ctx, postgres)
	if err == nil && b.Major < oldest {
		err = fmt.Errorf("PostgreSQL %s is too old to rehearse on, expected %d or newer", b.Version, oldest)
	}
	return b, err
}

// versionOf asks a program of PostgreSQL for its version.
func versionOf(ctx context.Context, program string) (version string, major int, err error) {
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "--version").Output()
	if err != nil {
		return "", 0, fmt.Errorf("%s --version: %w", program, err)
	}
	found := regexp.MustCompile(`\(PostgreSQL\) ((\d+)\S*)`).FindStringSubmatch(string(out))
	if found == nil {
		return "", 0, fmt.Errorf("%s --version says %q, expected PostgreSQL and its version", program, strings.TrimSpace(string(out)))
	}
	major, err = strconv.Atoi(found[2])
	return found[1], major, err
}

// nearest picks from what was found; of equals the first.
func nearest(found []Binaries, major int) (Binaries, error) {
	if len(found) == 0 {
		return Binaries{}, fmt.Errorf("%w: looked on PATH and in the usual places. Install them (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; macOS: brew install postgresql@17), "+
			"or set %s to their folder, or scratch_url to a server that may be used", ErrNoBinaries, FolderVariable)
	}
	best := slices.MinFunc(found, func(a, b Binaries) int { return distance(a.Major, major) - distance(b.Major, major) })
	return because(best, major, "it is the nearest on this machine"), nil
}

// distance orders majors by how well they stand in for the wanted one: every
// newer one before every older one, since an older server may not know what the
// target's schema uses.
func distance(have, wanted int) int {
	const older = 1000
	switch {
	case wanted == 0:
		return -have
	case have >= wanted:
		return have - wanted
	}
	return older + wanted - have
}

func because(b Binaries, major int, reason string) Binaries {
	b.Same = b.Major == major
	switch {
	case b.Same:
		b.Why = fmt.Sprintf("rehearsed on PostgreSQL %s, the target's major version", b.Version)
	case major == 0:
		b.Why = fmt.Sprintf("rehearsed on PostgreSQL %s: %s", b.Version, reason)
	default:
		b.Why = fmt.Sprintf("the target runs %d, rehearsed on %s: %s", major, b.Version, reason)
	}
	return b
}
