package pgclass

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/plans"
)

// ruling is a verdict and what only this package has to know of it.
type ruling struct {
	Verdict
	// act is what is done, as a file's name says it: add_orders_total.
	act string
	// free is an expand that no new code waits for: it may as well come with
	// what runs after the deployment.
	free bool
	// down takes it back, empty when there is no plain way.
	down string
	// left is true for what has no place in a split: another unit's files do it,
	// or there is nothing to do.
	left bool
	// touches are what the files of a split make anew.
	touches []string
	// settled is true for a ruling that other units have decided, and that is
	// not to be taken for one of its own.
	settled bool
	// outputs are the columns of a view that the statement makes.
	outputs []string
}

func ruled(class plans.Class, act string, reason []any) ruling {
	return ruling{Verdict: Verdict{Class: class, Reason: fmt.Sprintf(reason[0].(string), reason[1:]...)}, act: act}
}

// Reasons are formats with their values.

func expand(act string, reason ...any) ruling { return ruled(plans.ClassExpand, act, reason) }

func free(act string, reason ...any) ruling {
	r := ruled(plans.ClassExpand, act, reason)
	r.free = true
	return r
}

func contract(act string, reason ...any) ruling { return ruled(plans.ClassContract, act, reason) }

func data(act string, reason ...any) ruling { return ruled(plans.ClassData, act, reason) }

func neutral(act string, reason ...any) ruling { return ruled(plans.ClassNeutral, act, reason) }

func ask(act string, reason ...any) ruling { return ruled(plans.ClassAsk, act, reason) }

func split(files []File, act string, reason ...any) ruling {
	r := ruled(plans.ClassSplit, act, reason)
	r.Split = files
	return r
}

func (r ruling) losing() ruling {
	r.Loses = true
	return r
}

func (r ruling) back(down string) ruling {
	r.down = down
	return r
}

// needed reports whether new code waits for it.
func (r ruling) needed() bool { return r.Class == plans.ClassExpand && !r.free }
