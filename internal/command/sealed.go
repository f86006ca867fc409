package command

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/internal/bundle"
	"github.com/lockstep-dev/lockstep/internal/config"
	"github.com/lockstep-dev/lockstep/internal/seal"
	"github.com/lockstep-dev/lockstep/internal/view"
)

// keysOf are the recipients that a project names, and the identities that this
// machine has.
func (a *app) keysOf(e config.Encryption) (*seal.Keys, error) {
	keys, err := seal.New(seal.Settings{Recipients: e.Recipients, IdentityFile: cmp.Or(a.identityVariable(), e.IdentityFile)})
	if err != nil {
		return nil, failed(err)
	}
	return keys, nil
}

func (a *app) identityVariable() string {
	for _, entry := range slices.Backward(a.host.Environ) {
		if file, ok := strings.CutPrefix(entry, seal.IdentityVariable+"="); ok {
			return file
		}
	}
	return ""
}

// unsealed makes a plan file's inputs readable. What names the identity is
// among them, so the variable does, or the project in this folder.
func (a *app) unsealed(b *bundle.Bundle) (*bundle.Bundle, error) {
	if b.SealedFor() == nil {
		return b, nil
	}
	var here config.Encryption
	if project, ds := config.Load(os.DirFS(".")); !ds.HasErrors() {
		here.IdentityFile = project.Settings().Encryption.IdentityFile
	}
	keys, err := a.keysOf(here)
	if err != nil {
		return nil, err
	}
	opened, err := b.Opened(keys)
	if errors.Is(err, seal.ErrClosed) {
		return nil, closedTo(b.SealedFor(), err)
	}
	if err != nil {
		return nil, &endError{code: exitBlocked, err: err, next: []string{
			"Nothing was changed. Whoever made the plan makes it again: lockstep plan CHANGE_SET --env NAME --out FILE",
		}}
	}
	return opened, nil
}

// closedTo says who can open what cannot be opened here.
func closedTo(recipients []string, why error) error {
	return &endError{code: exitBlocked, summary: "Nothing was changed: the plan's inputs cannot be read here", err: why, next: []string{
		"They can be read by: " + view.Recipients(recipients),
		"Whoever holds the identity of one of them types the same command after: export " + seal.IdentityVariable + "=FILE",
		"To look at the plan none is needed: lockstep show PLAN",
	}}
}

// canOpen refuses to begin a run of which this machine could read nothing back:
// nobody could resume it or take it back from here.
func (a *app) canOpen(w *workspace) error {
	keys, err := a.keysOf(w.settings.Encryption)
	if err != nil {
		return err
	}
	if err := keys.Try(); err != nil {
		return closedTo(keys.Recipients(), err)
	}
	return nil
}
