package seal

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"
)

// IdentityVariable names the environment variable that leads to the file with
// the identities. The identities themselves are never in the environment or on
// a command line, where other processes could see them.
const IdentityVariable = "LOCKSTEP_AGE_IDENTITY_FILE"

// largestIdentityFile bounds a file that was named by mistake.
const largestIdentityFile = 1 << 20

// readIdentities reads a file with age identities, one a line, or one OpenSSH
// private key. No error repeats any of it.
func readIdentities(path string) ([]age.Identity, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > largestIdentityFile {
		return nil, fmt.Errorf("%s is no file of identities: it is larger than %d bytes", path, largestIdentityFile)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(content, []byte("-----BEGIN ")) {
		return readKey(path, content)
	}
	found, err := age.ParseIdentities(bytes.NewReader(content))
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf(`%s is no file of identities; expected lines that begin with "AGE-SECRET-KEY-", or an OpenSSH private key`, path)
	}
	return found, nil
}

func readKey(path string, content []byte) ([]age.Identity, error) {
	found, err := agessh.ParseIdentity(content)
	if _, closed := errors.AsType[*ssh.PassphraseMissingError](err); closed {
		return nil, fmt.Errorf("%s is protected by a passphrase, which nobody is there to type; use a key without one", path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s is no private key that age can use; expected one of the type ed25519 or rsa", path)
	}
	return []age.Identity{found}, nil
}
