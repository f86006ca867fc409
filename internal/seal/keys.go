package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"filippo.io/age"
)

// ErrClosed is wrapped by every error of Open about a content that none of the
// identities at hand opens. Nothing is wrong with the content.
var ErrClosed = errors.New("sealed")

// ErrDamaged is wrapped by every error of Open about a content that was
// altered after it was sealed.
var ErrDamaged = errors.New("what was sealed was altered")

// Settings say who may read what is sealed, and with what it is opened here.
type Settings struct {
	// Recipients are public keys (see Check). Without any nothing is sealed.
	Recipients []string
	// IdentityFile is the path of the secret keys; empty when there are none
	// here. It is read when something is to be opened.
	IdentityFile string
}

// Keys seal and open. Nil is a Keys without recipients and identities. It is
// safe for concurrent use.
type Keys struct {
	names      []string
	recipients []age.Recipient
	file       string
	identities func() ([]age.Identity, error)
}

// New returns the keys for some settings. What is wrong with the identity file
// is said when it is needed.
func New(s Settings) (*Keys, error) {
	recipients, err := parseRecipients(s.Recipients)
	if err != nil {
		return nil, err
	}
	return &Keys{
		names: slices.Clone(s.Recipients), recipients: recipients, file: s.IdentityFile,
		identities: sync.OnceValues(func() ([]age.Identity, error) { return readIdentities(s.IdentityFile) }),
	}, nil
}

// Recipients are those who can open what is sealed; empty when nothing is.
func (k *Keys) Recipients() []string {
	if k == nil {
		return nil
	}
	return slices.Clone(k.names)
}

// Try returns nil where what these keys seal can be opened with them again, or
// where nothing is sealed; else the error of Open.
func (k *Keys) Try() error {
	sealed, err := k.Seal(nil)
	if err != nil {
		return err
	}
	_, err = k.Open(sealed)
	return err
}

// intro begins every file of age's format, version 1.
const intro = "age-encryption.org/v1\n"

// Sealed reports whether a content is sealed.
func Sealed(content []byte) bool { return bytes.HasPrefix(content, []byte(intro)) }

// Seal closes a content to all but the recipients. Without recipients it
// returns the content as it is.
func (k *Keys) Seal(content []byte) ([]byte, error) {
	if k == nil || len(k.recipients) == 0 {
		return content, nil
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, k.recipients...)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if _, err := w.Write(content); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed.Bytes(), nil
}

// Open returns what was sealed; a content that is not sealed is returned as it
// is. Errors wrap ErrClosed or ErrDamaged.
func (k *Keys) Open(content []byte) ([]byte, error) {
	if !Sealed(content) {
		return content, nil
	}
	if k == nil || k.file == "" {
		return nil, fmt.Errorf("%w, and no identity that opens it is known here: name its file in %s", ErrClosed, IdentityVariable)
	}
	identities, err := k.identities()
	if err != nil {
		return nil, fmt.Errorf("%w, and the identity cannot be read: %w", ErrClosed, err)
	}
	r, err := age.Decrypt(bytes.NewReader(content), identities...)
	if _, other := errors.AsType[*age.NoIdentityMatchError](err); other {
		return nil, fmt.Errorf("%w for others: the identity in %s does not open it", ErrClosed, k.file)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	opened, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return opened, nil
}
