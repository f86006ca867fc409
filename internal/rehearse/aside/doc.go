// Package aside is what a superuser does on the side for files that are
// rehearsed without one: a file may come from a stranger's branch, and must not
// run programs or read files on the machine that rehearses it. It writes the
// functions that a role without SUPERUSER may call for the little that is
// harmless (extensions of a list, triggers that rest), and the calls.
package aside

import (
	"strings"

	"github.com/lockstep-dev/lockstep/internal/rehearse/trace"
)

// Schema holds the functions. It is the tracer's, which no snapshot shows.
const Schema = trace.Schema

// Install makes the functions. It is run by a superuser, behind trace.Install,
// in a database where no file has run yet.
func Install() string { return strings.Replace(template, "LIST", strings.Join(extensions(), ","), 1) }
