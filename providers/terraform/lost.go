package terraform

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/terraform/shim"
)

// creation is what the stream of an apply says about a new object. That it is
// complete is told before the state is saved (NodeApplyableResourceInstance:
// the hook, then the state), so that even a complete one can be lost.
type creation struct {
	kind      string // the resource's type
	idKey, id string // empty until it is complete
	failed    bool
	answered  bool // it failed, and the provider said why
	silent    bool // it failed, and the provider did not answer
}

// refused reports whether the provider itself said that the creation failed.
// It then told Terraform of whatever it had made all the same.
func (c creation) refused() bool { return c.failed && c.answered && !c.silent }

// creation lets change note what an event says about a new object.
func (a *account) creation(e event, change func(*creation)) {
	if e.Hook.Action != "create" {
		return
	}
	c := a.created[e.Hook.Resource.Address]
	change(&c)
	a.created[e.Hook.Resource.Address] = c
}

// blame notes who says that a creation failed.
func (a *account) blame(e event) {
	c, begun := a.created[e.Diagnostic.Address]
	if !begun {
		return
	}
	if unanswered(e.Diagnostic.Summary) {
		c.silent = true
	} else {
		c.answered = true
	}
	a.created[e.Diagnostic.Address] = c
}

// unanswered reports whether a diagnostic is Terraform's own about a provider
// that died, was cut off or broke the protocol: the texts of grpcErr in
// internal/plugin/grpc_error.go, the same in Terraform 1.5 to 1.13 and OpenTofu.
func unanswered(summary string) bool {
	return slices.Contains([]string{"Plugin did not respond", "Request cancelled", "Plugin error"}, summary)
}

// lost returns the objects that the step's latest attempt began to make and
// that the state does not know. Where the attempt was killed, or a provider
// did not answer, they may exist; what somebody has decided about is left out.
func (m *module) lost(req providers.Request, r *receipt, now *stateFile) ([]providers.Lost, error) {
	latest := lastAttempt(req, r)
	if blindProbe || latest == "" || r != nil && r.Decided == latest {
		return nil, nil
	}
	attempts := []string{latest}
	if r != nil {
		attempts = append(attempts, r.Unsettled...)
	}
	var all []providers.Lost
	for _, name := range attempts {
		found, err := m.lostIn(req, r, name, now)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortStableFunc(all, func(a, b providers.Lost) int { return strings.Compare(a.Address, b.Address) })
	return slices.CompactFunc(all, func(a, b providers.Lost) bool { return a.Address == b.Address }), nil
}

// lostIn is what one attempt lost.
func (m *module) lostIn(req providers.Request, r *receipt, attempt string, now *stateFile) ([]providers.Lost, error) {
	dir := m.attemptPath(attempt)
	exit, err := shim.ReadExit(dir)
	if err == nil && (exit.Failure != "" || exit.Code == 0 && exit.Signal == "") {
		return nil, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	a, err := replay(m.keys(), dir)
	if err != nil {
		return nil, err
	}
	was, err := m.stateAt(attemptOrigin(req, r, attempt))
	if err != nil {
		return nil, err
	}
	var found []providers.Lost
	for _, address := range slices.Sorted(maps.Keys(a.created)) {
		c := a.created[address]
		if c.refused() || keeps(was, now, address, c) {
			continue
		}
		found = append(found, m.tellLost(address, c))
	}
	return found, nil
}

func (m *module) tellLost(address string, c creation) providers.Lost {
	l := providers.Lost{Address: address, Type: c.kind}
	if c.id != "" && !m.secrets.in(c.id) {
		l.IDKey, l.ID = c.idKey, c.id
	}
	return l
}

// attemptOrigin is where the state stood before an attempt.
func attemptOrigin(req providers.Request, r *receipt, attempt string) mark {
	for _, h := range handles(req.Recorded) {
		if h.Attempt == attempt {
			return h.Before
		}
	}
	if r != nil {
		return r.Before
	}
	return mark{}
}

// keeps reports whether the state knows a new object. Where a replacement
// failed, Terraform puts the old object back under the new one's address.
func keeps(was, now *stateFile, address string, c creation) bool {
	kept, there := now.managed()[address]
	if !there {
		return false
	}
	attributes, _ := kept.Attributes.(map[string]any)
	if id, ok := attributes[c.idKey].(string); ok && c.id != "" {
		return id == c.id
	}
	if was == nil {
		return true
	}
	old, existed := was.managed()[address]
	return !existed || !reflect.DeepEqual(old, kept)
}

// sayLost is a sentence about lost objects.
func sayLost(lost []providers.Lost) string {
	var names []string
	for _, l := range lost {
		name := l.Address
		if l.ID != "" {
			name += fmt.Sprintf(" (%s %q)", l.IDKey, l.ID)
		}
		names = append(names, name)
	}
	return fmt.Sprintf("terraform had begun to create %s, got no answer, and the state does not know it: look whether it exists, and say so with lockstep decide",
		strings.Join(names, ", "))
}
