package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/bench/corpus"
)

// scenario is one statement on the table accounts that needs a lock.
type scenario struct {
	name     string
	up, down string
	alone    bool // refuses to run in a transaction
	// holds: the statement keeps writers out for as long as it works, whoever
	// runs it; no way of waiting for the lock makes that shorter.
	holds bool
	// done counts what the statement makes, once it is whole.
	done string
}

func scenariosOfBlocking() []scenario {
	index := `SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('accounts_balance_idx') AND indisvalid`
	return []scenario{
		{
			name: "add-column", up: `ALTER TABLE accounts ADD COLUMN note text;`, down: `ALTER TABLE accounts DROP COLUMN note;`,
			done: `SELECT count(*) FROM pg_attribute WHERE attrelid = 'accounts'::regclass AND attname = 'note' AND NOT attisdropped`,
		},
		{
			name: "index-concurrently", up: `CREATE INDEX CONCURRENTLY accounts_balance_idx ON accounts (balance);`,
			down: `DROP INDEX accounts_balance_idx;`, alone: true, done: index,
		},
		{
			name: "index", up: `CREATE INDEX accounts_balance_idx ON accounts (balance);`,
			down: `DROP INDEX accounts_balance_idx;`, holds: true, done: index,
		},
		{
			name: "not-null", up: `ALTER TABLE accounts ALTER COLUMN owner SET NOT NULL;`, down: `ALTER TABLE accounts ALTER COLUMN owner DROP NOT NULL;`,
			done: `SELECT count(*) FROM pg_attribute WHERE attrelid = 'accounts'::regclass AND attname = 'owner' AND attnotnull`,
		},
		{
			name: "foreign-key", up: `ALTER TABLE accounts ADD CONSTRAINT accounts_branch_fkey FOREIGN KEY (branch) REFERENCES branches (id);`,
			down: `ALTER TABLE accounts DROP CONSTRAINT accounts_branch_fkey;`,
			done: `SELECT count(*) FROM pg_constraint WHERE conname = 'accounts_branch_fkey' AND convalidated`,
		},
	}
}

// chosen are the scenarios with these names, all without names.
func chosen(names []string) ([]scenario, error) {
	all := scenariosOfBlocking()
	if len(names) == 0 {
		return all, nil
	}
	var list []scenario
	for _, name := range names {
		i := slices.IndexFunc(all, func(s scenario) bool { return s.name == name })
		if i < 0 {
			var known []string
			for _, s := range all {
				known = append(known, s.name)
			}
			return nil, fmt.Errorf("-only: scenario %q is not known; expected %s", name, strings.Join(known, ", "))
		}
		list = append(list, all[i])
	}
	return list, nil
}

// before is the migration that each tool has applied when the scenario begins,
// so that its own tables exist.
func before() []corpus.Migration {
	return []corpus.Migration{{Version: 1, Name: "marker", Up: "CREATE TABLE marker (id int);", Down: "DROP TABLE marker;"}}
}

func (s scenario) files() []corpus.Migration {
	return append(before(), corpus.Migration{Version: 2, Name: "change", Up: s.up, Down: s.down, NoTransaction: s.alone})
}
