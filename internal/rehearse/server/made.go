package server

import (
	"slices"
	"sync"
)

// names are the databases that were made and not dropped yet.
type names struct {
	mutex sync.Mutex
	all   []string
}

func (n *names) add(name string) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.all = append(n.all, name)
}

func (n *names) remove(name string) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.all = slices.DeleteFunc(n.all, func(other string) bool { return other == name })
}

func (n *names) list() []string {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return slices.Clone(n.all)
}
