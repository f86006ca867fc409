package budget

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
	"github.com/lockstep-dev/lockstep/plans"
)

// lagging is a delay of replay that is worth a word.
const lagging = 5 * time.Second

// Delays says which transactions that were open when the survey was made
// would keep the statement waiting, and what it does to replicas. Each is a
// sentence.
func Delays(st plans.Statement, s plans.Survey) []string {
	var says []string
	for _, t := range s.Transactions {
		if why := Delayed(t, st); why != "" {
			says = append(says, Transaction(t)+" "+why)
		}
	}
	return append(says, OnReplicas(st, s)...)
}

// Delayed says why a transaction would keep the statement waiting; empty when
// it would not. In which mode it has locked a table nobody has recorded: with
// ACCESS EXCLUSIVE all modes conflict, with others those of writers.
func Delayed(t plans.OpenTransaction, st plans.Statement) string {
	if statements, err := sqlscan.Split([]byte(st.SQL)); err == nil && len(statements) == 1 && statements[0].Concurrently() {
		return "would delay it: CONCURRENTLY waits for transactions that were open before"
	}
	for _, l := range st.Locks {
		if !slices.ContainsFunc(t.Relations, func(name string) bool { return same(name, l.Relation) }) {
			continue
		}
		switch Blocks(l.Mode) {
		case ReadsAndWrites:
			return "would delay it: it holds a lock on " + l.Relation
		case Writes:
			return "would delay it if it has written to " + l.Relation
		case SchemaChanges:
			return "would delay it if it changes the schema of " + l.Relation + " or is a VACUUM"
		}
	}
	return ""
}

// Transaction names an open transaction for people.
func Transaction(t plans.OpenTransaction) string {
	name := fmt.Sprintf("pid %d", t.PID)
	if t.PID == 0 {
		name = "prepared transaction " + t.Application
	}
	facts := []string{"open for " + time.Duration(t.Age).String()}
	if t.State != "" && t.PID != 0 {
		facts = append(facts, t.State)
	}
	if t.User != "" {
		facts = append(facts, "user "+t.User)
	}
	if t.Application != "" && t.PID != 0 {
		facts = append(facts, t.Application)
	}
	return name + " (" + strings.Join(facts, ", ") + ")"
}

// OnReplicas says what the statement does to those who read from a replica. A
// standby replays ACCESS EXCLUSIVE locks, so that its readers wait, too, and those
// that are under way hold up the replay or are cancelled.
// Source: https://www.postgresql.org/docs/current/hot-standby.html, "Handling
// Query Conflicts".
func OnReplicas(st plans.Statement, s plans.Survey) []string {
	if len(s.Replicas) == 0 {
		return nil
	}
	names, synchronous := make([]string, len(s.Replicas)), []string(nil)
	for i, r := range s.Replicas {
		names[i] = r.Name
		if r.Sync == "sync" || r.Sync == "quorum" {
			synchronous = append(synchronous, r.Name)
		}
	}
	var says []string
	if locked := exclusively(st.Locks, s); len(locked) > 0 {
		says = append(says, fmt.Sprintf("on %s queries that read %s wait as well; those under way hold up its replay, and are cancelled after max_standby_streaming_delay",
			strings.Join(names, ", "), strings.Join(locked, ", ")))
	}
	if l := loadOf(s, st.Rewrites); l.bytes+l.indexBytes > 0 {
		says = append(says, fmt.Sprintf("about %s of log goes to %s, which fall behind meanwhile", Bytes(l.bytes+l.indexBytes), strings.Join(names, ", ")))
		if len(synchronous) > 0 {
			says = append(says, fmt.Sprintf("commits wait for %s, which is synchronous", strings.Join(synchronous, ", ")))
		}
	}
	for _, r := range s.Replicas {
		if time.Duration(r.Lag) >= lagging && len(says) > 0 {
			says = append(says, fmt.Sprintf("replica %s is %s behind already", r.Name, time.Duration(r.Lag)))
		}
	}
	return says
}

// exclusively are the tables locked ACCESS EXCLUSIVE; indexes alone only where
// there is no table.
func exclusively(locks []plans.Lock, s plans.Survey) []string {
	var tables, indexes []string
	for _, l := range locks {
		f := Figures(s, l.Relation)
		switch {
		case l.Mode != AccessExclusive || slices.Contains(tables, l.Relation) || slices.Contains(indexes, l.Relation):
		case f != nil && isIndex(f):
			indexes = append(indexes, l.Relation)
		default:
			tables = append(tables, l.Relation)
		}
	}
	if len(tables) == 0 {
		return indexes
	}
	return tables
}

// Remedy is what to type to end a transaction, and who may; empty for one that
// had better come to its end.
func Remedy(t plans.OpenTransaction) string {
	switch {
	case t.PID == 0:
		return fmt.Sprintf("%s or a superuser: ROLLBACK PREPARED '%s'", t.User, strings.ReplaceAll(t.Application, "'", "''"))
	case t.User == "": // autovacuum and the like
		return ""
	}
	return fmt.Sprintf("%s or a member of pg_signal_backend: SELECT pg_terminate_backend(%d)", t.User, t.PID)
}
