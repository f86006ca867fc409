package seal_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"
	"pgregory.net/rapid"

	"github.com/lockstep-dev/lockstep/internal/seal"
)

// pair makes a recipient and the file with its identity.
func pair(t testing.TB) (recipient, file string) {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return identity.Recipient().String(), keep(t, "# a comment\n"+identity.String()+"\n")
}

func keep(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sshPair is pair for a key of OpenSSH.
func sshPair(t testing.TB, private any, passphrase string) (recipient, file string) {
	t.Helper()
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	return line + " alice@example.com", keep(t, string(pem.EncodeToMemory(block)))
}

func ed25519Key(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return private
}

func keys(t testing.TB, s seal.Settings) *seal.Keys {
	t.Helper()
	k, err := seal.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestEachRecipientOpensWithItsOwnIdentity(t *testing.T) {
	t.Parallel()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	native, nativeFile := pair(t)
	edwards, edwardsFile := sshPair(t, ed25519Key(t), "")
	old, oldFile := sshPair(t, private, "")
	_, strangerFile := pair(t)
	secret := []byte("Canary-8731")
	sealed, err := keys(t, seal.Settings{Recipients: []string{native, edwards, old}}).Seal(secret)
	if err != nil {
		t.Fatal(err)
	}
	if !seal.Sealed(sealed) || bytes.Contains(sealed, secret) {
		t.Fatalf("not sealed: %q", sealed)
	}
	for name, file := range map[string]string{"age": nativeFile, "ed25519": edwardsFile, "rsa": oldFile} {
		opened, err := keys(t, seal.Settings{IdentityFile: file}).Open(sealed)
		if err != nil || !bytes.Equal(opened, secret) {
			t.Errorf("%s: %q, %v", name, opened, err)
		}
	}
	for name, k := range map[string]*seal.Keys{
		"a stranger": keys(t, seal.Settings{IdentityFile: strangerFile}),
		"nobody":     keys(t, seal.Settings{}), "nil": nil,
		"a file that is not there": keys(t, seal.Settings{IdentityFile: strangerFile + "-not"}),
	} {
		if opened, err := k.Open(sealed); !errors.Is(err, seal.ErrClosed) || opened != nil {
			t.Errorf("%s: %q, %v", name, opened, err)
		}
	}
}

func TestEveryAlteredByteIsFound(t *testing.T) {
	t.Parallel()
	recipient, file := pair(t)
	k := keys(t, seal.Settings{Recipients: []string{recipient}, IdentityFile: file})
	sealed, err := k.Seal([]byte("Canary-8731"))
	if err != nil {
		t.Fatal(err)
	}
	intro := bytes.IndexByte(sealed, '\n') + 1
	for i := range sealed[intro:] {
		bad := bytes.Clone(sealed)
		bad[intro+i] ^= 1
		if opened, err := k.Open(bad); err == nil {
			t.Fatalf("byte %d altered: %q", intro+i, opened)
		}
		if opened, err := k.Open(sealed[:intro+i]); err == nil {
			t.Fatalf("cut at %d: %q", intro+i, opened)
		}
	}
}

func TestWithoutRecipientsNothingChanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOf(rapid.Byte()).Draw(t, "content")
		var none *seal.Keys
		sealed, err := none.Seal(content)
		if err != nil || !bytes.Equal(sealed, content) {
			t.Fatalf("%q, %v", sealed, err)
		}
		opened, err := none.Open(content)
		if err != nil || !bytes.Equal(opened, content) {
			t.Fatalf("%q, %v", opened, err)
		}
	})
}

func TestMistakesAreNamedAndNotRepeated(t *testing.T) {
	t.Parallel()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	recipient, file := pair(t)
	_, closedFile := sshPair(t, ed25519Key(t), "passphrase")
	sealed, err := keys(t, seal.Settings{Recipients: []string{recipient}}).Seal([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	open := func(file string) error {
		_, err := keys(t, seal.Settings{IdentityFile: file}).Open(sealed)
		return err
	}
	for _, test := range []struct {
		err  error
		want string
	}{
		{seal.Check([]string{recipient, identity.String()}), "recipient 2 is an identity, the secret half"},
		{seal.Check([]string{"Canary-8731"}), "recipient 1 is not a recipient; expected \"age1...\""},
		{seal.Check([]string{"age1Canary-8731"}), "is not a recipient"},
		{seal.Check([]string{recipient + "\n" + recipient}), "is not a recipient"},
		{seal.Check([]string{"ssh-ed25519 Canary-8731"}), "is not a recipient"},
		{seal.Check([]string{recipient, hybrid.Recipient().String()}), "cannot be used together"},
		{open(keep(t, "Canary-8731\n")), "is no file of identities"},
		{open(keep(t, "")), "is no file of identities"},
		{open(keep(t, "-----BEGIN OPENSSH PRIVATE KEY-----\nCanary-8731\n")), "is no private key that age can use"},
		{open(closedFile), "is protected by a passphrase"},
		{open(t.TempDir()), "cannot be read"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) {
			t.Errorf("%v, want %q", test.err, test.want)
			continue
		}
		for _, secret := range []string{"Canary-8731", identity.String()} {
			if strings.Contains(test.err.Error(), secret) {
				t.Errorf("the error repeats it: %v", test.err)
			}
		}
	}
	if err := seal.Check([]string{recipient, " " + recipient}); err != nil {
		t.Error(err)
	}
	if err := open(file); err != nil {
		t.Error(err)
	}
	for name, test := range map[string]struct {
		keys *seal.Keys
		want error
	}{
		"nil":        {nil, nil},
		"its own":    {keys(t, seal.Settings{Recipients: []string{recipient}, IdentityFile: file}), nil},
		"no file":    {keys(t, seal.Settings{Recipients: []string{recipient}}), seal.ErrClosed},
		"of another": {keys(t, seal.Settings{Recipients: []string{hybrid.Recipient().String()}, IdentityFile: file}), seal.ErrClosed},
	} {
		if err := test.keys.Try(); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := seal.Check(nil); err != nil {
		t.Error(err)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	recipient, file := pair(t)
	k := keys(t, seal.Settings{Recipients: []string{recipient}, IdentityFile: file})
	secret := []byte("Canary-8731")
	path := filepath.Join(t.TempDir(), "kept")
	if err := os.WriteFile(path, secret, 0o644); err != nil { //nolint:gosec // that it was readable by all is the point
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to do
		if err := k.SealFile(path); err != nil {
			t.Fatal(err)
		}
	}
	onDisk, err := os.ReadFile(path)
	if err != nil || !seal.Sealed(onDisk) || bytes.Contains(onDisk, secret) {
		t.Fatalf("%q, %v", onDisk, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if got, err := k.ReadFile(path); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("%q, %v", got, err)
	}
	var none *seal.Keys
	if _, err := none.ReadFile(path); !errors.Is(err, seal.ErrClosed) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
	if err := none.SealFile(path + "-not"); err != nil {
		t.Errorf("without recipients: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	recipient, file := pair(f)
	k := keys(f, seal.Settings{Recipients: []string{recipient}, IdentityFile: file})
	sealed, err := k.Seal([]byte("Canary-8731"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add([]byte("age-encryption.org/v1\n--- \n"))
	f.Add([]byte("plain"))
	f.Fuzz(func(t *testing.T, content []byte) {
		opened, err := k.Open(content)
		switch {
		case !seal.Sealed(content) && (err != nil || !bytes.Equal(opened, content)):
			t.Fatalf("plain bytes changed: %q, %v", opened, err)
		case err != nil && !errors.Is(err, seal.ErrClosed) && !errors.Is(err, seal.ErrDamaged):
			t.Fatal(err)
		}
	})
}
