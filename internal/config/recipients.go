package config

import (
	"errors"

	"github.com/lockstep-dev/lockstep/internal/seal"
)

// checkRecipients refuses what nobody could be sealed for, an empty list
// among it: who writes the block means to encrypt.
func checkRecipients(recipients []string) error {
	if len(recipients) == 0 {
		return errors.New("at least one recipient is required")
	}
	return seal.Check(recipients)
}
