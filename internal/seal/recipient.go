package seal

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
)

// Check says what is wrong with a list of recipients, and what to write. Of a
// text that is no recipient it repeats nothing: it may be the secret half.
func Check(recipients []string) error {
	_, err := parseRecipients(recipients)
	return err
}

func parseRecipients(texts []string) ([]age.Recipient, error) {
	var all []age.Recipient
	for i, text := range texts {
		r, err := parseRecipient(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("recipient %d %w", i+1, err)
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return nil, nil
	}
	// age refuses to mix keys of which only some withstand quantum computers.
	if _, err := age.Encrypt(io.Discard, all...); err != nil {
		return nil, fmt.Errorf("the recipients cannot be used together: %w", err)
	}
	return all, nil
}

var errNoRecipient = errors.New(`is not a recipient; expected "age1...", "ssh-ed25519 ..." or "ssh-rsa ..." (age-keygen makes the first and prints it)`)

func parseRecipient(text string) (age.Recipient, error) {
	switch {
	case strings.HasPrefix(text, "AGE-SECRET-KEY-"), strings.Contains(text, "PRIVATE KEY"):
		return nil, errors.New(`is an identity, the secret half; whoever reads this file can open everything, so make a new pair (age-keygen) and name its "age1..." here`)
	case strings.ContainsAny(text, "\r\n"):
		return nil, errNoRecipient
	case strings.HasPrefix(text, "ssh-"):
		r, err := agessh.ParseRecipient(text)
		if err != nil {
			return nil, errNoRecipient
		}
		return r, nil
	case strings.HasPrefix(text, "age1"):
		all, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil || len(all) != 1 {
			return nil, errNoRecipient
		}
		return all[0], nil
	}
	return nil, errNoRecipient
}
