package main

import "testing"

func TestRefusals(t *testing.T) {
	t.Parallel()
	log := `[blocking] ERROR:  could not obtain lock on relation "accounts"
[blocking] STATEMENT:  LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE NOWAIT
[other] ERROR:  could not obtain lock on relation "accounts"
[blocking] ERROR:  canceling statement due to lock timeout
[blocking] ERROR:  relation "accounts" does not exist
`
	if got := refusals([]byte(log), "blocking"); got != 2 {
		t.Errorf("got %d, want one for NOWAIT and one for the timeout", got)
	}
	if got := refusals(nil, "blocking"); got != 0 {
		t.Errorf("got %d of an empty log", got)
	}
}
