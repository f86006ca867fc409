package seal

import (
	"fmt"
	"os"

	"github.com/google/renameio/v2"
)

// WritePrivate writes a file that its owner alone may read, whole or not at
// all, whoever could read the file that was there before.
func WritePrivate(path string, content []byte) error {
	f, err := renameio.NewPendingFile(path, renameio.WithStaticPermissions(0o600))
	if err != nil {
		return err
	}
	defer f.Cleanup() //nolint:errcheck // nothing is left of what was not put in place
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

// WriteFile is WritePrivate for a content that is sealed where there are
// recipients.
func (k *Keys) WriteFile(path string, content []byte) error {
	sealed, err := k.Seal(content)
	if err != nil {
		return err
	}
	return WritePrivate(path, sealed)
}

// ReadFile reads what WriteFile wrote, and files that were never sealed.
func (k *Keys) ReadFile(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	opened, err := k.Open(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return opened, nil
}

// SealFile seals a file where it lies, if it is not sealed and there are
// recipients; a file that is not there is the operating system's error.
func (k *Keys) SealFile(path string) error {
	if len(k.Recipients()) == 0 {
		return nil
	}
	content, err := os.ReadFile(path)
	if err != nil || Sealed(content) {
		return err
	}
	return k.WriteFile(path, content)
}
