package tfchange

import (
	"encoding/json"
	"slices"
)

// Without returns a state (format 4) that does not know the objects of some
// addresses.
func Without(state []byte, addresses []string) ([]byte, error) {
	if len(addresses) == 0 {
		return state, nil
	}
	f, err := new(Plan).foretelling(state)
	if err != nil {
		return nil, err
	}
	for _, address := range addresses {
		f.take(address, "")
	}
	f.state["resources"] = slices.DeleteFunc(f.resources(), func(r any) bool { return len(instances(r)) == 0 })
	return json.Marshal(f.state)
}
