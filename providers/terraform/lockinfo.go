package terraform

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/terraform/shim"
)

// defaultLockWait is how long Terraform waits for a state lock.
const defaultLockWait = 30 * time.Second

// LockedError says that somebody else holds the lock of a state; nothing was
// changed. It wraps providers.ErrBlocked.
type LockedError struct {
	// ID is the lock's, as its holder chose it; empty where it is not told.
	ID string
	// Holder is who holds it, since when and for what; empty where the backend
	// does not tell.
	Holder string

	backend string
	engine  string
	waited  time.Duration
	// unlock is the command that takes the lock away, as it is to be typed in
	// the project's folder; empty where none does.
	unlock string
	// killed: an apply from here was, and may have left the lock.
	killed bool
}

// Error names the holder, or says why nobody can.
func (e *LockedError) Error() string {
	who := "the " + e.backend + " backend does not tell by whom"
	if e.Holder != "" {
		who = "by " + e.Holder
	}
	if e.ID != "" {
		who += " (lock " + e.ID + ")"
	}
	text := fmt.Sprintf("the lock of the Terraform state is held, %s; waited %s for it", who, e.waited)
	if e.killed {
		text += "; an apply from here was killed and may have left it"
	}
	if e.unlock != "" {
		text += ". If nobody works there any more, type: " + e.unlock
	}
	return text
}

// Unwrap lets errors.Is find providers.ErrBlocked.
func (e *LockedError) Unwrap() error { return providers.ErrBlocked }

// Next says what a person can do, one line each.
func (e *LockedError) Next() []string {
	next := []string{"Nothing was changed. Wait until that work has ended, then try again."}
	switch e.backend {
	case localBackend, pgBackend:
		// These locks end with the process or the session that holds them.
		return append(next, "The lock ends with that process: if nobody works there any more, end it.")
	}
	if e.ID == "" || e.unlock != "" {
		return next // the error itself has the command
	}
	return append(next, fmt.Sprintf("If nobody works there any more, in the module's folder, after init with the backend's settings: %s force-unlock %s", e.engine, e.ID))
}

// lockHeld makes a LockedError, which says who holds the lock, of an error that
// means "somebody holds the state lock"; Terraform gives text alone for it.
func (m *module) lockHeld(ctx context.Context, err error) error {
	var e *exitError
	if !errors.As(err, &e) || !strings.Contains(e.text, "Error acquiring the state lock") {
		return err
	}
	info := readLockInfo(e.text)
	locked := &LockedError{backend: m.config.backend, engine: m.engine.name, waited: m.provider.options.LockWait, ID: info["ID"]}
	switch m.config.backend {
	case "", localBackend:
		locked.backend, locked.Holder = localBackend, info.holder()
	case httpBackend:
		locked.ID, locked.Holder = heldOverHTTP(e.text, info)
	case pgBackend:
		// All that Terraform prints is its own request.
		locked.ID, locked.Holder = "", m.secrets.scrub(m.askWhoLocks(ctx))
	default:
		locked.Holder = info.holder()
	}
	locked.unlock, locked.killed = m.unlock(locked), m.wasKilled()
	return locked
}

// unlock is the command for a person. Nothing proves to a program that nobody
// works under a lock any more, not even that a killed apply of its own left it.
func (m *module) unlock(e *LockedError) string {
	if e.ID == "" || e.backend == localBackend || e.backend == pgBackend || m.hides && len(m.settings.BackendConfig) > 0 {
		return "" // where the backend's settings are secret, what init left of them is gone
	}
	folder := m.root()
	if relative, err := filepath.Rel(m.provider.options.Root, folder); err == nil && filepath.IsLocal(relative) {
		folder = relative
	}
	return fmt.Sprintf("%s%s %s -chdir='%s' force-unlock %s", workspaceVariable, m.workspace, e.engine, folder, e.ID)
}

// wasKilled reports whether an apply from here was killed since the last one
// that came to a good end.
func (m *module) wasKilled() bool {
	attempts, err := m.place.attempts()
	if err != nil {
		return false
	}
	for _, dir := range slices.Backward(attempts) {
		exit, err := shim.ReadExit(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist) || exit.Signal != "":
			return true
		case exit.Code == 0:
			return false
		}
	}
	return false
}

// heldOverHTTP tells the holder from the requester: beside the id that the
// server gave, Terraform (1.5 to 1.11) prints its own request, and OpenTofu
// what the server says of the holder.
func heldOverHTTP(text string, info lockInfo) (id, holder string) {
	given := regexp.MustCompile(`already locked: ID=(\S+)`).FindStringSubmatch(text)
	switch {
	case given == nil:
		return "", ""
	case given[1] == info["ID"]:
		return given[1], info.holder()
	}
	return given[1], ""
}

// lockWait is the argument that bounds how long Terraform waits for a lock.
func (m *module) lockWait() string {
	return "-lock-timeout=" + m.provider.options.LockWait.String()
}

// lockInfo is what Terraform prints of a lock, by its labels.
type lockInfo map[string]string

// readLockInfo reads Terraform's "Lock Info" out of a text whose line breaks
// are spaces; statemgr.LockInfo.String of Terraform and OpenTofu writes it.
func readLockInfo(text string) lockInfo {
	info := lockInfo{}
	_, text, _ = strings.Cut(text, "Lock Info:")
	labels := regexp.MustCompile(`(?:^|\s)(ID|Path|Operation|Who|Version|Created|Info):\s`)
	found := labels.FindAllStringSubmatchIndex(text, -1)
	for i, at := range found {
		end := len(text)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		info[text[at[2]:at[3]]] = strings.TrimSpace(text[at[1]:end])
	}
	return info
}

func (l lockInfo) holder() string {
	if l["Who"] == "" {
		return ""
	}
	text := l["Who"]
	if l["Created"] != "" {
		text += " since " + toSecond(l["Created"])
	}
	if operation := strings.TrimPrefix(l["Operation"], "OperationType"); operation != "" {
		text += " (" + strings.ToLower(operation) + ")"
	}
	return text
}

// toSecond takes the fraction off a time as Terraform prints it.
func toSecond(text string) string {
	return regexp.MustCompile(`\.\d+ \+0000 UTC`).ReplaceAllString(text, " UTC")
}

// askWait bounds the question who holds a lock.
const askWait = 5 * time.Second

// askWhoLocks asks the database of a pg backend which session holds the lock of
// the workspace: Terraform locks the number of the state's row. It returns
// nothing where that cannot be found out.
func (m *module) askWhoLocks(ctx context.Context) string {
	backend, err := m.initialised()
	if err != nil {
		return ""
	}
	connector, err := pq.NewConnector(backend.text("conn_str"))
	if err != nil {
		return ""
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	schema := backend.text("schema_name")
	if schema == "" {
		schema = "terraform_remote_state"
	}
	var role, application, address string
	var pid int
	var since time.Time
	err = db.QueryRowContext(ctx, whoLocks(schema), m.workspace).Scan(&role, &application, &address, &pid, &since)
	if err != nil {
		return ""
	}
	text := "role " + role + " from " + address
	if application != "" {
		text = fmt.Sprintf("%q, %s", application, text)
	}
	return fmt.Sprintf("%s (session %d, connected since %s)", text, pid, since.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// whoLocks finds the session with an advisory lock on a state's number
// (https://www.postgresql.org/docs/current/view-pg-locks.html: a bigint key has
// its high half in classid, its low half in objid, and objsubid 1).
func whoLocks(schema string) string {
	return `SELECT coalesce(a.usename, '?'), coalesce(a.application_name, ''),
       coalesce(host(a.client_addr), 'the server itself'), a.pid, coalesce(a.backend_start, now())
  FROM ` + pq.QuoteIdentifier(schema) + `.states s
  JOIN pg_locks l ON l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
   AND ((l.classid::bigint << 32) | l.objid::bigint) = s.id
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE s.name = $1
 LIMIT 1`
}
