package mysqltest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ServerVariable is the environment variable that names the server program.
const ServerVariable = "LOCKSTEP_MYSQL"

// ErrNoBinaries is wrapped when the machine has no MariaDB or MySQL server.
var ErrNoBinaries = errors.New("no MariaDB or MySQL server found; install one (apt-get install mariadb-server, dnf install mariadb-server, brew install mariadb), or set " + ServerVariable + " to its mariadbd or mysqld")

// programs are what a server is made with.
type programs struct {
	server string // mariadbd or mysqld
	// install is MariaDB's mariadb-install-db; MySQL's server does it itself.
	install string
}

// initialise is the command that makes an empty data folder, whose root user
// has no password.
func (p programs) initialise(data string) []string {
	if p.install == "" {
		return []string{p.server, "--no-defaults", "--initialize-insecure", "--datadir=" + data}
	}
	return []string{
		p.install, "--no-defaults", "--datadir=" + data, "--auth-root-authentication-method=normal",
		"--skip-test-db", "--skip-name-resolve", "--innodb-log-file-size=16M",
	}
}

// find looks where ServerVariable points, on PATH, and where Debian, Fedora
// and Homebrew put servers.
func find() (programs, error) {
	if named := os.Getenv(ServerVariable); named != "" {
		return programsOf(named)
	}
	for _, name := range []string{"mariadbd", "mysqld"} {
		if path, err := exec.LookPath(name); err == nil {
			return programsOf(path)
		}
		for _, folder := range []string{"/usr/sbin", "/usr/libexec", "/opt/homebrew/bin", "/usr/local/bin"} {
			if path := filepath.Join(folder, name); isProgram(path) {
				return programsOf(path)
			}
		}
	}
	return programs{}, ErrNoBinaries
}

func programsOf(server string) (programs, error) {
	version, err := exec.Command(server, "--no-defaults", "--version").Output() //nolint:noctx // it ends by itself
	if err != nil {
		return programs{}, fmt.Errorf("%s --version: %w", server, err)
	}
	if !strings.Contains(string(version), "MariaDB") {
		return programs{server: server}, nil
	}
	for _, name := range []string{"mariadb-install-db", "mysql_install_db"} {
		if path, err := exec.LookPath(name); err == nil {
			return programs{server, path}, nil
		}
		for _, folder := range []string{filepath.Dir(server), filepath.Join(filepath.Dir(server), "../bin"), "/usr/bin"} {
			if path := filepath.Join(folder, name); isProgram(path) {
				return programs{server, path}, nil
			}
		}
	}
	return programs{}, fmt.Errorf("%w: %s is there, mariadb-install-db is not", ErrNoBinaries, server)
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
