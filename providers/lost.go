package providers

// Lost is an object that a step began to make and that its target's own record
// does not know: it may exist unseen, and nothing looks after it.
type Lost struct {
	Address string `json:"address"` // of the resource, within the step
	Type    string `json:"type"`
	// IDKey and ID are what was told of the object before it was lost; empty
	// when nothing was, or when it is secret.
	IDKey string `json:"id_key,omitempty"`
	ID    string `json:"id,omitempty"`
	// Found says that somebody knows it to have been there before the step: a
	// way back may let go of it, and never destroys it.
	Found bool `json:"found,omitempty"`
}
