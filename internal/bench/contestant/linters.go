package contestant

import "github.com/lockstep-dev/lockstep/internal/bench/process"

// linters are the tools that judge SQL without a server, at the versions that
// are compared.
func linters() []peer {
	return []peer{
		{
			name: "squawk", version: "2.66.0", install: npmPackage{"squawk-cli@2.66.0", "node_modules/@squawk-cli/*/bin/squawk"},
			tool: func(program string) Tool { return Tool{found: 1, lint: eachFile(program)} },
		},
		{
			name: "postgres-language-server", version: "0.25.5",
			install: npmPackage{"@postgres-language-server/cli@0.25.5", "node_modules/@postgres-language-server/cli-*/postgres-language-server"},
			tool: func(program string) Tool {
				return Tool{found: 1, lint: func([]string) process.Command {
					return process.Command{Args: []string{program, "check", "."}}
				}}
			},
		},
		{
			name: "pgfence", version: "0.1.5", install: npmPackage{"@flvmnt/pgfence@0.1.5", "node_modules/@flvmnt/pgfence/dist/index.js"},
			tool: func(program string) Tool { return Tool{found: 1, lint: eachFile("node", program, "analyze")} },
		},
		{name: "eugene", version: "0.8.3", install: nowhere{"it is a crate; no npm or Debian package and no Go module holds it"}},
		{name: "Atlas", version: "0.38", install: nowhere{"since this version its lint is for users with an account of Atlas Pro"}},
	}
}

func eachFile(args ...string) func([]string) process.Command {
	return func(files []string) process.Command {
		return process.Command{Args: append(append([]string{}, args...), files...)}
	}
}

// Linting returns Lockstep as a linter that keeps what it remembers in a folder.
func Linting(name, program, cache string) Tool {
	return Tool{Name: name, Kind: Lockstep, found: 4, lint: func([]string) process.Command {
		return process.Command{Args: []string{program, "lint", "."}, Env: []string{"XDG_CACHE_HOME=" + cache}}
	}}
}

// Lint is the command that judges the files of a folder.
func (t Tool) Lint(dir string, files []string) process.Command {
	c := t.lint(files)
	c.Dir = dir
	return c
}

// Linted reports whether a run came to its end, with findings or without.
func (t Tool) Linted(u process.Usage) bool { return u.Exit == 0 || u.Exit == t.found }
